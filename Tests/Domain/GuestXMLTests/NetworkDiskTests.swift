import GuestXML
import Testing

@Suite("A domain's XML tells which servers its QEMU has disks from")
struct NetworkDiskTests {
    private static func disks(_ text: String) throws -> [NetworkDisk] {
        NetworkDisk.all(in: try #require(VerbatimXML("<domain><name>g</name><devices>\(text)</devices></domain>")))
    }

    @Test("each disk with its servers, in order; what is no network disk is none")
    func all() throws {
        let disks = try Self.disks(
            """
            <disk type='file'><source file='/a.raw'/></disk>
            <disk type="network"><source protocol="nbd" name="web"><host name="10.0.2.9"/></source></disk>
            <disk type='network'><source protocol='rbd' name='p/i'>
              <host name='m1' port='6790'/><host name='[fd00::1]' transport='tcp'/><host transport='rdma' name='m3'/>
            </source><backingStore><source protocol='nbd'><host transport='unix' socket='/run/nbd &amp; more'/></source></backingStore></disk>
            <interface type='network'><source network='default'/><host name='neither'/></interface>
            """)
        #expect(
            disks == [
                NetworkDisk(scheme: "nbd", name: "web", servers: [.tcp(host: "10.0.2.9", port: 10809)]),
                NetworkDisk(
                    scheme: "rbd", name: "p/i",
                    servers: [.tcp(host: "m1", port: 6790), .tcp(host: "fd00::1", port: 3300), .tcp(host: "fd00::1", port: 6789)]),
                NetworkDisk(scheme: "nbd", name: "", servers: [.unix(path: "/run/nbd & more")]),
            ])
        #expect(disks.map(\.description) == ["nbd:web", "rbd:p/i", "nbd"])
        #expect(disks.flatMap(\.servers).map(\.description) == ["10.0.2.9:10809", "m1:6790", "[fd00::1]:3300", "[fd00::1]:6789", "/run/nbd & more"])
    }

    @Test("a server that cannot be one is left out", arguments: ["port='0'", "port='65536'", "port='ssh'", "transport='rdma'", "transport='unix'"])
    func nonsense(attribute: String) throws {
        let disks = try Self.disks("<disk><source protocol='nbd' name='x'><host name='h' \(attribute)/></source></disk>")
        #expect(disks == [NetworkDisk(scheme: "nbd", name: "x", servers: [])])
    }
}
