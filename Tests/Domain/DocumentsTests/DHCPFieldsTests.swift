import Documents
import Primitives
import Testing

@Suite("What a Subnet and a Host say about DHCP")
struct DHCPFieldsTests {
    private func subnet(_ spec: String) throws -> SubnetSpec {
        let text = "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: a}\nspec: {prefix: 10.0.0.0/24, \(spec)}\n"
        let parsed = DocumentParser.parse(files: [SourceFile(path: "a.yaml", text: text)])
        #expect(parsed.problems == [])
        guard case .subnet(let spec)? = parsed.documents.first?.spec else { throw Nothing() }
        return spec
    }

    private struct Nothing: Error {}

    @Test("Options stand on the wire as their RFC says, by name and by code")
    func options() throws {
        let spec = try subnet(
            "options: {interfaceMTU: 9000, domainSearch: [lab.example], tftpServers: [10.0.0.1, 10.0.0.2], vendorSpecific: 0x0104:ff, "
                + "224: {text: abc}, 225: {unsigned32: 4294967295}, 226: {flag: true}, 227: {names: [a]}}")
        #expect(
            spec.options == [
                26: [0x23, 0x28], 119: [3] + Array("lab".utf8) + [7] + Array("example".utf8) + [0], 150: [10, 0, 0, 1, 10, 0, 0, 2],
                43: [1, 4, 255], 224: Array("abc".utf8), 225: [255, 255, 255, 255], 226: [1], 227: [1, 97, 0],
            ])
    }

    @Test("A known option is given by its code as by its name, or in hexadecimal where the bytes are of its type; unknown codes are free")
    func byCode() throws {
        let spec = try subnet(
            "options: {26: {hex: 2328}, 119: {names: [lab.example]}, 150: {addresses: [10.0.0.1]}, 46: {unsigned8: 8}, 2: {signed32: -3600}, "
                + "33: {hex: '0a0100010a000001'}, 43: {hex: 0104}, 224: {hex: 00}, 138: {addresses: [10.0.0.7]}, 100: {text: CET-1CEST}}")
        #expect(
            spec.options == [
                26: [0x23, 0x28], 119: [3] + Array("lab".utf8) + [7] + Array("example".utf8) + [0], 150: [10, 0, 0, 1], 46: [8],
                2: [0xff, 0xff, 0xf1, 0xf0], 33: [10, 1, 0, 1, 10, 0, 0, 1], 43: [1, 4], 224: [0], 138: [10, 0, 0, 7], 100: Array("CET-1CEST".utf8),
            ])
        #expect(
            try subnet(
                "options: {timeOffset: -3600, staticRoutes: [10.1.0.1, 10.0.0.1, 10.1.0.2, 10.0.0.1], pxelinuxPathPrefix: pxe/, capwapControllers: [10.0.0.7]}"
            )
            .options == [
                2: [0xff, 0xff, 0xf1, 0xf0], 33: [10, 1, 0, 1, 10, 0, 0, 1, 10, 1, 0, 2, 10, 0, 0, 1], 210: Array("pxe/".utf8), 138: [10, 0, 0, 7],
            ])
    }

    @Test("What a known option cannot be is said: which option, and what it is")
    func message() throws {
        let text = "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: a}\nspec: {prefix: 10.0.0.0/24, options: {26: {text: abc}}}\n"
        let problem = try #require(DocumentParser.parse(files: [SourceFile(path: "a.yaml", text: text)]).problems.first)
        #expect(problem.message == "option 26 is interfaceMTU, a number of 16 bits, and not text")
        #expect(problem.hint == "write interfaceMTU: …, or 26: {unsigned16: …}")
    }

    @Test("Who gives the addresses is the mode; hosts may be accepted where another server does")
    func mode() throws {
        #expect(try subnet("pools: []").mode == .server)
        #expect(try subnet("mode: proxy, unknownHosts: ignore").mode == .proxy)
        let spec = try subnet("mode: external, acceptUnknown: {profiles: [base]}")
        #expect(spec.mode == .external && spec.acceptUnknown?.profiles == ["base"])
    }

    @Test("What is excluded is cut out of the pools")
    func exclusions() throws {
        let spec = try subnet("pools: [10.0.0.10-10.0.0.20, 10.0.0.30-10.0.0.32], exclude: [10.0.0.12-10.0.0.13, 10.0.0.20, 10.0.0.30-10.0.0.40]")
        #expect(spec.usablePools.map { "\($0.lowerBound)-\($0.upperBound)" } == ["10.0.0.10-10.0.0.11", "10.0.0.14-10.0.0.19"])
    }

    @Test("Reservations are for one of four kinds of owner; circuits are text or bytes")
    func reservations() throws {
        let spec = try subnet(
            "reservations: [{address: 10.0.0.2, hardwareAddress: '52:54:00:00:00:01'}, {address: 10.0.0.3, clientIdentifier: '01:AB'}, "
                + "{address: 10.0.0.4, circuit: ge-0, remote: 0x0506, options: {rootPath: /x}}]")
        #expect(
            spec.reservations.map(\.owner) == [
                .hardwareAddress(HardwareAddress(value: 0x5254_0000_0001)), .clientIdentifier("01ab"), .circuit("67652d30", remote: "0506"),
            ])
        #expect(spec.reservations.last?.options == [17: Array("/x".utf8)])
    }

    @Test("The options of a host come back from the document that is written for it")
    func written() throws {
        var spec = HostSpec(hardwareAddresses: [HardwareAddress(value: 0x5254_0000_0001)])
        spec.options = [26: [5, 220], 119: [1, 97, 0], 224: [1]]
        let parsed = DocumentParser.parse(files: [SourceFile(path: "a.yaml", text: spec.yaml(metadata: Metadata(name: "a")))])
        #expect(parsed.problems == [])
        guard case .host(let read)? = parsed.documents.first?.spec else { throw Nothing() }
        #expect(read == spec)
    }
}
