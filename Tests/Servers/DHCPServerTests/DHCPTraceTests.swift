import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import DatagramIO
import Glibc
import OperatorTypes
import Primitives
import Testing

@Suite("The last packets, and what was decided about each", .enabled(if: geteuid() == 0, "sockets bound to an interface need root"), .serialized)
struct DHCPTraceTests {
    private func lines(_ server: DHCPServer, after: Int64 = 0) -> [String] {
        server.trace.packets(after: after).map { "\($0.type ?? "-") \($0.decision.rawValue)\($0.reason.map { " \($0)" } ?? "")" }
    }

    /// Until so many packets were traced: a reply is, after it left.
    private func wait(for count: Int64, _ server: DHCPServer) async {
        for await _ in server.trace.news() where server.trace.packets(after: count - 1).isEmpty == false { return }
    }

    @Test("An exchange is four packets; what is refused and what is nonsense says why")
    func decisions() async throws {
        try await withServer(LoopbackRelay.configuration, directory: TestDirectory([rackPlan(pool: 1)]), leases: TestLeaseStore()) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            let offer = try relay.exchange(message(.discover))
            await wait(for: 2, server)
            let address = try relay.exchange(relay.request(offer, from: nic(1))).yourAddress
            await wait(for: 4, server)
            try relay.send(message(.discover, from: nic(2)))
            relay.send(bytes: [1, 2, 3])
            var release = message(.release)
            release.clientAddress = address
            try relay.send(release)
            _ = try relay.exchange(message(.discover, vendorClass: "PXEClient:Arch:00027:UNDI:003000", architecture: 27))
            await wait(for: 9, server)
            #expect(
                lines(server) == [
                    "discover answered", "offer sent", "request leased", "acknowledgement sent", "discover ignored pool-exhausted",
                    "- ignored malformed",
                    "release leased", "discover answered unknown-architecture", "offer sent",
                ])
            let packets = server.trace.packets(after: 0)
            #expect(packets.map(\.sequence) == Array(1...9) && Set(packets.map(\.interface)) == ["lo"])
            #expect(packets[1].fields.contains(.init("your address", "\(address)")) && packets[1].hardwareAddress == nic(1))
            #expect(packets[1].fields.contains(.init("router", "10.0.0.1")) && packets[1].fields.contains(.init("lease time", "3600")))
            #expect(packets[0].peer == "127.0.0.1:\(relay.socket.localPort)")
            #expect(packets[7].fields.contains(.init("boots as", "riscv64-uefi (pxe)")))
            #expect(lines(server, after: 8) == ["offer sent"] && lines(server, after: .max).isEmpty)
            #expect(
                server.trace.counts.refused == [
                    "discover": ["pool-exhausted": 1, "unknown-architecture": 1], "undecoded": ["malformed": 1],
                ])
        }
    }

    @Test("A reply that waited for the disk in vain did not leave")
    func notSent() async throws {
        let (directory, leases) = (try TestDirectory([rackPlan()]), TestLeaseStore())
        try await withServer(LoopbackRelay.configuration, directory: directory, leases: leases) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            let pxe = message(.discover, architecture: 7)
            let offer = try relay.exchange(pxe)
            await wait(for: 2, server)
            leases.answer(.failed("disk full"))
            var request = relay.request(offer, from: nic(1))
            request.clientArchitectures = [.x64UEFI]
            try relay.send(request)
            await wait(for: 4, server)
            #expect(lines(server).suffix(2) == ["request leased", "acknowledgement not-sent commit-failed"])
            #expect(server.trace.counts.refused == ["request": ["commit-failed": 1]])
        }
    }

    @Test("It keeps the newest, and whoever follows hears of each packet")
    func bounded() async throws {
        try await withServer(LoopbackRelay.configuration, directory: TestDirectory([rackPlan()]), leases: TestLeaseStore()) { server, port in
            let relay = try LoopbackRelay(serverPort: port)
            var news = server.trace.news().makeAsyncIterator()
            #expect(await news.next() != nil, "what was there before")
            var seen: Int64 = 0
            for number in 0..<(DHCPTrace.capacity / 2 + 20) {
                _ = try relay.exchange(message(.discover, from: nic(UInt64(number % 5 + 1))))
                if number < 20 {
                    #expect(await news.next() != nil)
                    let new = server.trace.packets(after: seen)
                    #expect(!new.isEmpty)
                    seen = new.last?.sequence ?? seen
                }
            }
            await wait(for: Int64(DHCPTrace.capacity) + 40, server)
            let packets = server.trace.packets(after: 0)
            #expect(packets.count == DHCPTrace.capacity && packets.first?.sequence == 41)
            #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.sequence == $0.sequence + 1 })
        }
    }
}
