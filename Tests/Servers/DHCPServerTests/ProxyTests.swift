import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import DatagramIO
import Foundation
import Primitives
import Testing

/// One wire with three computers: ours at 10.0.0.1, another DHCP server at 10.0.0.2, and a client that has `br0`.
private final class SharedWire {
    let network: TestNetwork
    let other: String

    init() throws {
        network = try TestNetwork()
        other = network.client.replacing("bennu-c-", with: "bennu-o-")
        for line in [
            "netns add \(other)", "-n \(network.client) link add br0 type bridge forward_delay 0 mcast_snooping 0",
            "-n \(network.client) link add other0 type veth peer name server0 netns \(other)", "-n \(network.client) link set other0 master br0 up",
            "-n \(network.client) link set client0 master br0", "-n \(network.client) link set br0 up",
            "-n \(network.client) address add 10.0.0.9/24 dev br0", "-n \(other) address add 10.0.0.2/24 dev server0",
            "-n \(other) link set server0 up",
        ] { try TestNetwork.ip(line) }
    }

    deinit { try? TestNetwork.ip("netns delete \(other)") }
}

@Suite(
    "ProxyDHCP beside a real DHCP server that only gives addresses", .enabled(if: TestNetwork.isPossible, "network namespaces need root"), .serialized
)
struct ProxyTests {
    static let ours = IPv4Address(10, 0, 0, 1)

    private func proxyPlan() throws -> SubnetPlan {
        var plan = try rackPlan()
        (plan.mode, plan.pools) = (.proxy, [])
        return plan
    }

    static let captures: [(name: String, file: String, vendorClass: String)] = [
        ("ipxe-bios-virtio", "http://10.0.0.1:8080/boot.ipxe?mac=", "PXEClient"),
        ("snponly-efi-uuid", "http://10.0.0.1:8080/boot.ipxe?mac=", "PXEClient"),
        ("ovmf-pxe4", "snponly.efi", "PXEClient"), ("ovmf-http4", "http://10.0.0.1:8080/boot-files/snponly.efi", "HTTPClient"),
    ]

    @Test(
        "who boots gets an address from it and the boot program from us, and everybody else hears nothing of us",
        .enabled(if: OtherServer.dnsmasq.isInstalled))
    func offers() async throws {
        let wire = try SharedWire()
        let running = try OtherServer.dnsmasq.start(in: wire.network, namespace: wire.other, "")
        let directory = try TestDirectory([proxyPlan()])
        let configuration = DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080)
        try await withServer(configuration, directory: directory, leases: TestLeaseStore(), openEndpoints: wire.network.openEndpoints) { server, _ in
            let client = try BroadcastClient(wire.network, interface: "br0")
            for row in Self.captures {
                let discover = try capture("\(row.name).DISCOVER")
                let proxied = try #require(try client.exchange(discover) { $0.yourAddress.isAny }, "\(row.name) \(running.lines)")
                #expect(proxied.messageType == .offer && proxied.serverIdentifier == Self.ours && proxied.serverAddress == Self.ours)
                #expect(proxied.bootFileName?.hasPrefix(row.file) == true && proxied.vendorClassIdentifier == row.vendorClass, "\(row.name)")
                #expect((proxied.options[.vendorSpecificInformation] != nil) == (row.vendorClass == "PXEClient"), "\(row.name)")
                #expect(proxied.options[.clientMachineIdentifier] == discover.options[.clientMachineIdentifier], "\(row.name)")
                #expect(proxied.leaseTime == nil && proxied.subnetMask == nil, "\(row.name)")
                let leased = try #require(try client.exchange(discover) { !$0.yourAddress.isAny }, "\(row.name) \(running.lines)")
                #expect(leased.serverIdentifier == IPv4Address(10, 0, 0, 2) && leased.bootFileName == nil, "\(row.name)")
                // It takes that server's offer, which is nothing to us.
                var request = try capture("\(row.name).REQUEST")
                (request.requestedAddress, request.serverIdentifier) = (leased.yourAddress, leased.serverIdentifier)
                request.transactionID = discover.transactionID
                #expect(try client.exchange(request) { $0.messageType == .acknowledgement }?.serverIdentifier == IPv4Address(10, 0, 0, 2))
            }
            let system = try #require(try client.exchange(message(.discover, from: nic(8))))
            #expect(system.serverIdentifier == IPv4Address(10, 0, 0, 2))
            // Whatever was sent before this was looked at before this is answered.
            #expect(try client.exchange(capture("ovmf-pxe4.DISCOVER")) { $0.yourAddress.isAny } != nil)
            let counted = server.statistics.snapshot
            #expect(counted.refused == ["proxy-only": UInt64(Self.captures.count + 1)])
            #expect(Set(counted.sent.keys) == ["offer"] && !directory.eventNames.contains("dhcp-refused"))
        }
    }

    @Test("on its own port a host that has its address is answered from there")
    func ownPort() async throws {
        let network = try TestNetwork()
        try TestNetwork.ip("-n \(network.client) address add 10.0.0.9/24 dev client0")
        let configuration = DHCPServerConfiguration(interfaces: [.init("server0")], httpPort: 8080)
        let (directory, leases) = (try TestDirectory([proxyPlan()]), TestLeaseStore())
        try await withServer(configuration, directory: directory, leases: leases, openEndpoints: network.openEndpoints) { server, _ in
            let client = try BroadcastClient(network)
            var request = try capture("ovmf-pxe4.REQUEST")
            request.clientAddress = IPv4Address(10, 0, 0, 9)
            let reply = try #require(try client.exchange(request, to: Self.ours, port: 4011))
            #expect(reply.messageType == .acknowledgement && reply.bootFileName == "snponly.efi" && reply.vendorClassIdentifier == "PXEClient")
            #expect(client.lastPort == 4011 && leases.stored.isEmpty)
            // A message that is no boot's, and one of a subnet where we give the addresses ourselves.
            #expect(try client.exchange(message(.request), to: Self.ours, port: 4011, milliseconds: 200) == nil)
            directory.serve([try rackPlan()])
            #expect(try client.exchange(request, to: Self.ours, port: 4011, milliseconds: 200) == nil)
            directory.serve([try proxyPlan()])
            #expect(try client.exchange(request, to: Self.ours, port: 4011) != nil)
            #expect(server.statistics.snapshot.refused == ["proxy-only": 1, "not-proxied": 1])
        }
    }
}

@Suite("What ProxyDHCP does not answer") struct ProxyRefusalTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var type = DHCPMessageType.discover
        var architecture: UInt16? = 7
        var sender: IPv4Address?
        var isKnown = true
        let expected: DHCPRefusal
    }

    static let rows = [
        Row(testDescription: "a request to the other server", type: .request, expected: .proxyOnly),
        Row(testDescription: "a running system", architecture: nil, expected: .proxyOnly),
        Row(testDescription: "an architecture without a program", architecture: 27, expected: .unknownArchitecture),
        Row(testDescription: "a host without a document where those are ignored", isKnown: false, expected: .unknownHost),
        Row(testDescription: "a DHCPDISCOVER to port 4011", sender: IPv4Address(10, 0, 0, 9), expected: .proxyOnly),
        Row(testDescription: "somebody in another network at port 4011", type: .request, sender: IPv4Address(192, 0, 2, 1), expected: .noSubnet),
        Row(
            testDescription: "an unknown host at port 4011", type: .request, sender: IPv4Address(10, 0, 0, 9), isKnown: false, expected: .unknownHost),
    ]

    @Test("has a name", arguments: rows)
    func refusal(row: Row) throws {
        var plan = try rackPlan()
        (plan.mode, plan.ignoresUnknownHosts) = (.proxy, true)
        var responder = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
        responder.serve([plan])
        var arrival = DHCPResponderTests.arrival
        arrival.proxySender = row.sender
        let vendorClass = row.architecture.map { _ in "PXEClient" }
        let request = try CheckedRequest(message(row.type, vendorClass: vendorClass, architecture: row.architecture))
        #expect(responder.respond(to: request, arrival: arrival, isKnown: row.isKnown, now: 0) == .ignore(row.expected))
    }
}
