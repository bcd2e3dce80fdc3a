import AddressPlan
import BootPolicy
import DHCPWire
import Primitives
import Testing

@Suite struct ReplyPolicyTests {
    @Test("A reply repeats what its client and relay sent")
    func repeated() throws {
        var request = message(architecture: 7)
        request.flags = 0x8001
        request.relayAddress = .init(10, 0, 0, 2)
        request.options.set(.relayAgentInformation, to: [1, 2, 0xaa, 0xbb])
        request.options.set(.clientIdentifier, to: [1] + bootingNIC.bytes)
        let (reply, destination, _) = try replied(to: request)
        #expect(reply.transactionID == request.transactionID)
        #expect(reply.flags == 0x8001)
        #expect(reply.hardwareAddress == bootingNIC)
        #expect(reply.clientMachineIdentifier == bootingUUID)
        #expect(reply.clientIdentifier.map(Array.init) == [1] + bootingNIC.bytes)
        #expect(reply.options.codes.last == .relayAgentInformation)
        #expect(destination == .relay(.init(10, 0, 0, 2), usesSourcePort: false))
        var plan = try rackSubnet().plan
        plan.repeatsClientIdentifier = false
        for decision in [LeaseDecision.offered(lease()), .granted(lease()), .refused(.leaseUnknown(leasedAddress))] {
            #expect(try replied(to: request, decision: decision).reply.clientIdentifier != nil)
            #expect(try replied(to: request, decision: decision, in: ServedSubnet(plan)).reply.clientIdentifier == nil)
        }
        let proxied = ReplyPolicy().proxyReply(to: try CheckedRequest(request), in: ServedSubnet(plan), servers: servers)
        guard case .reply(let reply, _, _) = proxied else { throw Ignored(decision: proxied) }
        #expect(reply.clientIdentifier == nil)
    }

    @Test("Names to load end in a NUL unless the subnet says otherwise")
    func namesWithoutNUL() throws {
        var plan = try rackSubnet().plan
        plan.terminatesBootNames = false
        let request = message(vendorClass: "PXEClient", architecture: 0)
        let reply = try replied(to: request, in: ServedSubnet(plan)).reply
        #expect(reply.options[.bootFileName].map(Array.init) == Array("undionly.kpxe".utf8))
        #expect(reply.options[.tftpServerName].map(Array.init) == Array("10.0.0.1".utf8))
        let proxied = ReplyPolicy().proxyReply(to: try CheckedRequest(request), in: ServedSubnet(plan), servers: servers)
        guard case .reply(let reply, _, _) = proxied else { throw Ignored(decision: proxied) }
        #expect(reply.options[.bootFileName].map(Array.init) == Array("undionly.kpxe".utf8))
    }

    @Test("Further options are those of the NIC before those of the address before those of the subnet, as far as they are asked for")
    func further() throws {
        var plan = try rackSubnet().plan
        plan.options = [26: [5, 220], 17: Array("/a".utf8), 224: [UInt8](repeating: 7, count: 300)]
        plan.addressOptions = [leasedAddress: [26: [35, 40], 17: Array("/b".utf8)]]
        plan.hostOptions = [bootingNIC: [17: Array("/c".utf8)]]
        func reply(asking codes: [DHCPOptionCode]) throws -> DHCPMessage {
            var request = message()
            (request.parameterRequestList, request.maximumMessageSize) = (codes, 1472)
            let decided = ReplyPolicy().reply(
                to: try CheckedRequest(request), in: ServedSubnet(plan), decision: .offered(lease()), servers: servers)
            guard case .reply(let reply, _, _) = decided else { throw Ignored(decision: decided) }
            return try DHCPMessage(decoding: try reply.encode(answering: request))
        }
        let all = try reply(asking: [])
        #expect(all.interfaceMTU == 9000 && all.options.text(DHCPOptionCode(rawValue: 17)) == "/c")
        // Split on the way and joined again (RFC 3396).
        #expect(all.options[DHCPOptionCode(rawValue: 224)].map(Array.init) == [UInt8](repeating: 7, count: 300))
        #expect(try reply(asking: [.interfaceMTU]).options[DHCPOptionCode(rawValue: 224)] == nil)
    }

    @Test("A client that reads routes is given the default route among them, unless the document has one", arguments: [true, false])
    func routes(hasDefault: Bool) throws {
        var plan = try rackSubnet().plan
        let inner = SubnetRoute(destination: try #require(IPv4Prefix("10.9.0.0/16")), router: IPv4Address(10, 0, 0, 9))
        let everywhere = SubnetRoute(destination: try #require(IPv4Prefix("0.0.0.0/0")), router: IPv4Address(10, 0, 0, 8))
        plan.routes = hasDefault ? [inner, everywhere] : [inner]
        var request = message()
        request.parameterRequestList = [.classlessStaticRoutes, .router]
        let decided = ReplyPolicy().reply(to: try CheckedRequest(request), in: ServedSubnet(plan), decision: .offered(lease()), servers: servers)
        guard case .reply(let reply, _, _) = decided else { throw Ignored(decision: decided) }
        let last = IPv4Address(10, 0, 0, hasDefault ? 8 : 254)
        #expect(reply.classlessStaticRoutes.map(\.router) == [IPv4Address(10, 0, 0, 9), last])
        #expect(reply.classlessStaticRoutes.last?.destination.length == 0)
    }

    @Test("Routers and static routes are not said beside the routes that a client asked for, but to firmware; others get both (RFC 3442)")
    func routersBesideRoutes() throws {
        var plan = try rackSubnet().plan
        plan.routes = [SubnetRoute(destination: try #require(IPv4Prefix("10.9.0.0/16")), router: IPv4Address(10, 0, 0, 9))]
        plan.options = [33: [10, 8, 0, 1, 10, 0, 0, 9]]
        func codes(_ request: DHCPMessage) throws -> Set<UInt8> {
            Set(try replied(to: request, in: ServedSubnet(plan)).reply.options.codes.map(\.rawValue)).intersection([3, 33, 121])
        }
        var system = message(uuid: nil)
        #expect(try codes(system) == [3, 33, 121])
        system.parameterRequestList = [.classlessStaticRoutes, .staticRoutes, .router]
        #expect(try codes(system) == [121])
        system.parameterRequestList = [.staticRoutes, .router]
        #expect(try codes(system) == [3, 33])
        var firmware = message(vendorClass: "PXEClient", architecture: 7)
        firmware.parameterRequestList = [.classlessStaticRoutes, .router]
        #expect(try codes(firmware) == [3, 121])
    }

    @Test("Options of documents that a client has no room for are left out, the longest first, and the network stays")
    func tooLongOptions() throws {
        var plan = try rackSubnet().plan
        plan.options = [224: [UInt8](repeating: 7, count: 300), 225: [UInt8](repeating: 8, count: 40), 43: [UInt8](repeating: 9, count: 260)]
        let reply = try replied(to: message(uuid: nil), in: ServedSubnet(plan)).reply
        #expect(reply.options[DHCPOptionCode(rawValue: 224)] == nil && reply.options[DHCPOptionCode(rawValue: 225)] != nil)
        #expect(reply.routers.count == 1 && reply.domainNameServers.count == 1 && reply.networkTimeServers.count == 1)
        plan.options = [:]
        for code in 224...230 as ClosedRange<UInt8> { plan.options[code] = [UInt8](repeating: 7, count: 200) }
        let full = try replied(to: message(uuid: nil), in: ServedSubnet(plan)).reply
        #expect(full.routers.count == 1 && full.options[DHCPOptionCode(rawValue: 224)] != nil && full.options[DHCPOptionCode(rawValue: 230)] == nil)
        // Without option 43 firmware takes what stands beside another server's offer for invalid.
        let firmware = message(vendorClass: "PXEClient", architecture: 7)
        let proxied = ReplyPolicy().proxyReply(to: try CheckedRequest(firmware), in: ServedSubnet(plan), servers: servers)
        guard case .reply(var beside, _, _) = proxied else { throw Ignored(decision: proxied) }
        beside.options.set(DHCPOptionCode(rawValue: 230), to: [UInt8](repeating: 7, count: 700))
        let left = try DHCPMessage(decoding: try beside.encode(answering: firmware))
        #expect(left.options.contains(.vendorSpecificInformation) && left.vendorClassIdentifier == "PXEClient")
    }

    @Test("A firmware gets the network whatever it lists, a running system what it asks for, and both a subnet mask")
    func parameters() throws {
        var system = message(uuid: nil)
        system.parameterRequestList = [.router, .broadcastAddress]
        let reply = try replied(to: system).reply
        #expect(reply.subnetMask == .init(255, 255, 255, 0))
        #expect(reply.routers == [.init(10, 0, 0, 254)])
        #expect(reply.broadcastAddress == .init(10, 0, 0, 255))
        #expect(reply.domainNameServers.isEmpty && reply.domainName == nil && reply.networkTimeServers.isEmpty)
        var firmware = message(vendorClass: "PXEClient", architecture: 7)
        firmware.parameterRequestList = [.bootFileName]
        let full = try replied(to: firmware).reply
        #expect(full.subnetMask == .init(255, 255, 255, 0) && full.routers.count == 1 && full.domainNameServers.count == 1)
    }

    @Test("Renewal comes after half of the lease and rebinding after seven eighths; for ever has neither")
    func times() throws {
        let reply = try replied(to: message()).reply
        #expect(reply.leaseTime == .seconds(3600) && reply.renewalTime == .seconds(1800) && reply.rebindingTime == .seconds(3150))
        var plan = try rackSubnet().plan
        plan.leaseTime = .max
        let decided = ReplyPolicy().reply(
            to: try CheckedRequest(message()), in: ServedSubnet(plan), decision: .offered(lease()), servers: servers)
        guard case .reply(let endless, _, _) = decided else { throw Ignored(decision: decided) }
        #expect(endless.leaseTime == DHCPDuration.infinite && endless.renewalTime == nil)
    }

    @Test("DHCPINFORM is answered to the client's own address, with neither an address nor times")
    func inform() throws {
        var request = message(.inform, uuid: nil)
        request.clientAddress = .init(10, 0, 0, 42)
        let (reply, destination, _) = try replied(to: request, decision: .informed)
        #expect(reply.messageType == .acknowledgement && reply.yourAddress.isAny && reply.leaseTime == nil)
        #expect(destination == .client(.init(10, 0, 0, 42)))
        #expect(reply.routers.count == 1)
    }

    struct Way: CustomTestStringConvertible, Sendable {
        let name: String
        var relay: IPv4Address = .any
        var client: IPv4Address = .any
        var flags: UInt16 = 0
        let destination: DHCPMessage.Destination
        var testDescription: String { name }
    }

    static let ways = [
        Way(name: "no address yet", destination: .frame(leasedAddress, bootingNIC)),
        Way(name: "broadcast flag", flags: 0x8000, destination: .broadcast),
        Way(name: "renewing", client: leasedAddress, destination: .client(leasedAddress)),
        Way(name: "by a relay", relay: .init(10, 0, 0, 2), flags: 0x8000, destination: .relay(.init(10, 0, 0, 2), usesSourcePort: false)),
    ]

    @Test("The reply goes where the client can hear it", arguments: ways)
    func way(_ way: Way) throws {
        var request = message(.request)
        (request.relayAddress, request.clientAddress, request.flags) = (way.relay, way.client, way.flags)
        #expect(try replied(to: request, decision: .granted(lease())).destination == way.destination)
    }

    @Test("A DHCPNAK is broadcast, or goes to the relay with the broadcast flag, and says why by name")
    func nak() throws {
        var request = message(.request)
        request.clientAddress = .init(192, 168, 7, 7)
        let refused = LeaseDecision.refused(.addressOutsideSubnet(request.clientAddress, subnet: "rack"))
        let (reply, destination, refusal) = try replied(to: request, decision: refused)
        #expect(reply.messageType == .negativeAcknowledgement && reply.yourAddress.isAny && reply.clientAddress.isAny)
        #expect(reply.text == "address-outside-subnet" && refusal == .addressOutsideSubnet && destination == .broadcast)
        #expect(reply.subnetMask == nil && reply.bootFileName == nil)
        request.relayAddress = .init(10, 0, 0, 2)
        let relayed = try replied(to: request, decision: refused)
        #expect(relayed.reply.wantsBroadcast && relayed.destination == .relay(.init(10, 0, 0, 2), usesSourcePort: false))
    }

    @Test("A reply keeps within 548 bytes unless the client takes more, and leaves out the least important first")
    func size() throws {
        var request = message(vendorClass: "PXEClient", architecture: 7)
        request.parameterRequestList = [.networkTimeServers]
        request.options.set(.relayAgentInformation, to: [1, 180] + [UInt8](repeating: 7, count: 180))
        let small = try replied(to: request).reply
        #expect(small.subnetMask != nil && small.bootFileName == "snponly.efi")
        request.options.set(.relayAgentInformation, to: [1, 240] + [UInt8](repeating: 7, count: 240))
        request.maximumMessageSize = 65_280
        #expect(try replied(to: request).reply.networkTimeServers.count == 1)
        request.options.set(.relayAgentInformation, to: [UInt8](repeating: 7, count: 1400))
        request.maximumMessageSize = 1400
        let made = try replied(to: message()).reply
        var large = made
        large.options.set(.relayAgentInformation, to: [UInt8](repeating: 7, count: 1400))
        #expect(throws: DHCPRefusal.replyTooLarge) { try large.encode(answering: request) }
    }

    struct Bad: CustomTestStringConvertible, Sendable {
        let refusal: DHCPRefusal
        let change: @Sendable (inout DHCPMessage) -> Void
        var testDescription: String { refusal.rawValue }
    }

    static let bad = [
        Bad(refusal: .notARequest) { $0.operation = .reply },
        Bad(refusal: .notEthernet) { $0.hardwareType = 32 },
        Bad(refusal: .hardwareAddressLength) { $0.hardwareAddress = nil },
        Bad(refusal: .zeroHardwareAddress) { $0.hardwareAddress = HardwareAddress(value: 0) },
        Bad(refusal: .groupHardwareAddress) { $0.hardwareAddress = HardwareAddress(value: 0xffff_ffff_ffff) },
        Bad(refusal: .groupHardwareAddress) { $0.hardwareAddress = HardwareAddress(value: 0x0100_5e00_0001) },
        Bad(refusal: .noMessageType) { $0.messageType = nil },
        Bad(refusal: .unexpectedMessageType) { $0.messageType = .offer },
        Bad(refusal: .unexpectedMessageType) { $0.messageType = DHCPMessageType(rawValue: 99) },
    ]

    @Test("What no client may send is refused by name", arguments: bad)
    func check(_ bad: Bad) {
        var request = message()
        bad.change(&request)
        #expect(throws: bad.refusal) { try CheckedRequest(request) }
    }

    @Test("Every refusal has a name of its own in words joined by hyphens")
    func namesOfRefusals() {
        let names = DHCPRefusal.allCases.map(\.rawValue)
        #expect(Set(names).count == names.count)
        for name in names { #expect(name.utf8.allSatisfy { $0 == UInt8(ascii: "-") || (97...122).contains($0) }) }
    }
}
