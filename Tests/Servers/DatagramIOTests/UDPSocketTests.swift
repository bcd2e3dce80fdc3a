import DatagramIO
import Glibc
import Primitives
import Testing

@Suite struct UDPSocketTests {
    static let loopback = IPv4Address(127, 0, 0, 1)

    /// Everything that arrives until `count` datagrams are there, or nothing for five seconds.
    private func receive(_ count: Int, on socket: UDPSocket, into batch: DatagramBatch = DatagramBatch()) throws -> [IncomingDatagram] {
        var all: [IncomingDatagram] = []
        while all.count < count {
            guard try Readiness.wait(for: [socket.descriptor], milliseconds: 5000) == [true] else { break }
            all += try socket.receive(into: batch)
        }
        return all
    }

    @Test("More datagrams than fit in one batch arrive whole and in order, with both their addresses")
    func batches() throws {
        let (a, b) = (try UDPSocket(address: Self.loopback, port: 0), try UDPSocket(address: .any, port: 0, receiveBuffer: 1 << 20))
        let datagrams = (0..<150).map {
            OutgoingDatagram(bytes: [UInt8](repeating: UInt8($0), count: $0 * 5), destination: Self.loopback, port: b.localPort)
        }
        #expect(a.send(datagrams).allSatisfy { $0 == nil })
        let received = try receive(150, on: b)
        #expect(received.map(\.bytes) == datagrams.map(\.bytes))
        #expect(received.allSatisfy { $0.source == Self.loopback && $0.port == a.localPort && $0.destination == Self.loopback })
        #expect(try received.first?.interfaceIndex == NetworkInterface.named("lo")?.index)
    }

    @Test("What does not fit into a socket's buffer is counted, also when another socket has taken its place")
    func drops() throws {
        let (a, drops) = (try UDPSocket(address: Self.loopback, port: 0), SocketDrops())
        func overflow() throws {
            let b = try UDPSocket(address: Self.loopback, port: 0, receiveBuffer: 4096)
            drops.watch([b])
            #expect(b.drops == 0)
            let datagram = OutgoingDatagram(bytes: [UInt8](repeating: 1, count: 1000), destination: Self.loopback, port: b.localPort)
            #expect(a.send([OutgoingDatagram](repeating: datagram, count: 60)).allSatisfy { $0 == nil })
            var received = 0
            while true {
                let batch = try b.receive(into: DatagramBatch())
                if batch.isEmpty { break }
                received += batch.count
            }
            #expect(received < 60 && Int(b.drops) == 60 - received)
        }
        try overflow()
        let first = drops.total
        try overflow()
        #expect(first > 0 && drops.total > first)
        drops.watch([])
        let all = drops.total
        #expect(all > first && drops.total == all)
    }

    @Test("A datagram that is longer than the buffer is marked")
    func truncated() throws {
        let (a, b) = (try UDPSocket(address: Self.loopback, port: 0), try UDPSocket(address: Self.loopback, port: 0))
        _ = a.send(
            [100, 101].map { OutgoingDatagram(bytes: [UInt8](repeating: 1, count: $0), destination: Self.loopback, port: b.localPort) })
        let received = try receive(2, on: b, into: DatagramBatch(capacity: 100))
        #expect(received.map(\.isTruncated) == [false, true])
        #expect(received.map(\.bytes.count) == [100, 100])
    }

    @Test("One datagram that cannot be sent does not keep back the others")
    func partial() throws {
        let (a, b) = (try UDPSocket(address: Self.loopback, port: 0), try UDPSocket(address: Self.loopback, port: 0))
        let tooLong = OutgoingDatagram(bytes: [UInt8](repeating: 0, count: 70_000), destination: Self.loopback, port: b.localPort)
        let good = OutgoingDatagram(bytes: [1, 2, 3], destination: Self.loopback, port: b.localPort)
        let results = a.send([good, tooLong, good])
        #expect(results.map { $0?.code } == [nil, EMSGSIZE, nil])
        #expect(try receive(2, on: b).map(\.bytes) == [[1, 2, 3], [1, 2, 3]])
    }

    @Test(
        "Many that may join, of one size to one receiver arrive one by one and in order, whether or not the kernel cuts them",
        arguments: [true, false])
    func runs(mayCut: Bool) throws {
        let (a, b) = (try UDPSocket(address: .any, port: 0), try UDPSocket(address: Self.loopback, port: 0, receiveBuffer: 1 << 20))
        // The kernel cuts no message that has no checksum: the call then sends one by one.
        var isOn: Int32 = 1
        if !mayCut { #expect(setsockopt(a.descriptor.number, SOL_SOCKET, SO_NO_CHECK, &isOn, 4) == 0) }
        let datagrams = (0..<130).map { (index: Int) -> OutgoingDatagram in
            let count = index % 10 == 9 ? 301 : 300
            let source = index < 64 ? Self.loopback : IPv4Address(127, 0, 0, 77)
            return OutgoingDatagram(
                bytes: [UInt8](repeating: UInt8(index), count: count), source: source, destination: Self.loopback, port: b.localPort,
                mayJoin: index % 16 != 15)
        }
        #expect(a.send(datagrams).allSatisfy { $0 == nil })
        let received = try receive(130, on: b)
        #expect(received.map(\.bytes) == datagrams.map(\.bytes))
        #expect(received.map(\.source) == datagrams.map(\.source))
        let nowhere = datagrams.map { OutgoingDatagram(bytes: $0.bytes, destination: Self.loopback, port: 0, mayJoin: true) }
        #expect(a.send(nowhere).allSatisfy { $0?.code == EINVAL })
    }

    @Test("It sends from the address it is told to")
    func source() throws {
        let (a, b) = (try UDPSocket(address: .any, port: 0), try UDPSocket(address: Self.loopback, port: 0))
        let source = IPv4Address(127, 0, 0, 77)
        #expect(a.send([OutgoingDatagram(bytes: [9], source: source, destination: Self.loopback, port: b.localPort)]) == [nil])
        #expect(try receive(1, on: b).map(\.source) == [source])
    }

    @Test("Nothing to receive is no error")
    func empty() throws {
        #expect(try UDPSocket(address: Self.loopback, port: 0).receive(into: DatagramBatch()).isEmpty)
    }

    @Test("A port that is taken, and an interface that is not there, are said by name")
    func errors() throws {
        let first = try UDPSocket(address: Self.loopback, port: 0)
        let taken = #expect(throws: SocketError.self) { try UDPSocket(address: Self.loopback, port: first.localPort) }
        #expect(taken?.code == EADDRINUSE && taken?.description.contains("another program has this port") == true)
        let missing = #expect(throws: SocketError.self) { try UDPSocket(interface: "no-such-if", port: 0) }
        #expect(missing?.code == ENODEV || missing?.code == EPERM)
    }

    @Test("A wake-up is seen once however often it was signalled")
    func wakeUp() throws {
        let wakeUp = try WakeUp()
        #expect(try Readiness.wait(for: [wakeUp.descriptor], milliseconds: 0) == [false])
        for _ in 0..<3 { wakeUp.signal() }
        #expect(try Readiness.wait(for: [wakeUp.descriptor], milliseconds: -1) == [true])
        wakeUp.clear()
        #expect(try Readiness.wait(for: [wakeUp.descriptor], milliseconds: 0) == [false])
    }

    @Test("The loopback interface is found with its address")
    func interfaces() throws {
        let lo = try #require(try NetworkInterface.named("lo"))
        #expect(lo.isLoopback && lo.addresses.map(\.address).contains(Self.loopback) && lo.index > 0)
        #expect(try NetworkInterface.named("no-such-if") == nil)
    }

    @Test("A plain thread runs once, and signals back")
    func thread() throws {
        let wakeUp = try WakeUp()
        try PlainThread.start("test-thread-with-a-long-name") { wakeUp.signal() }
        #expect(try Readiness.wait(for: [wakeUp.descriptor], milliseconds: 5000) == [true])
    }
}
