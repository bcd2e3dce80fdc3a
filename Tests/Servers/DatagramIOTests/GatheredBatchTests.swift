import DatagramIO
import Glibc
import Primitives
import Testing

@Suite("Many datagrams leave in one message, and each arrives as it is")
struct GatheredBatchTests {
    static let loopback = IPv4Address(127, 0, 0, 1)

    @Test("a message of several blocks is cut into them, the last one shorter", arguments: [1, 2, 44])
    func blocks(count: Int) throws {
        let (sender, receiver) = (try UDPSocket(port: 0), try UDPSocket(address: Self.loopback, port: 0, receiveBuffer: 1 << 20))
        let content = (0..<count * 1000 - 1).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let batch = GatheredBatch()
        content.withUnsafeBytes { content in
            batch.append(to: Self.loopback, port: receiver.localPort, from: IPv4Address(127, 0, 0, 5), segmentSize: count > 1 ? 1004 : 0)
            for block in 0..<count {
                let part = content[block * 1000..<min(content.count, block * 1000 + 1000)]
                batch.append(header: 0x0003_0100 + UInt32(block), UnsafeRawBufferPointer(rebasing: part))
            }
            #expect(sender.send(batch) == 1)
        }
        #expect(batch.failure(at: 0) == nil)
        var received: [IncomingDatagram] = []
        let incoming = DatagramBatch()
        while received.count < count {
            _ = try Readiness.wait(for: [receiver.descriptor], milliseconds: 10_000)
            received += try receiver.receive(into: incoming)
        }
        #expect(received.map { Array($0.bytes.prefix(4)) } == (0..<count).map { [0, 3, 1, UInt8($0)] })
        #expect(received.flatMap { $0.bytes.dropFirst(4) } == content)
        #expect(received.allSatisfy { $0.source == IPv4Address(127, 0, 0, 5) && $0.port == sender.localPort })
    }

    @Test("what cannot be sent is named, and the rest leaves")
    func failures() throws {
        let (sender, receiver) = (try UDPSocket(port: 0), try UDPSocket(address: Self.loopback, port: 0))
        let batch = GatheredBatch()
        let bytes: [UInt8] = [1, 2, 3]
        let place = UnsafeMutableRawPointer(bitPattern: 8)
        bytes.withUnsafeBytes { bytes in
            // Segments that are larger than the link takes.
            batch.append(to: Self.loopback, port: receiver.localPort, from: .any, segmentSize: 2)
            for _ in 0..<130 { batch.append(header: 0, UnsafeRawBufferPointer(rebasing: bytes[0..<0])) }
            // Bytes where there are none.
            batch.append(to: Self.loopback, port: receiver.localPort, from: .any, segmentSize: 0)
            batch.append(header: 0, UnsafeRawBufferPointer(start: place, count: 100))
            batch.append(to: Self.loopback, port: receiver.localPort, from: .any, segmentSize: 0)
            batch.append(header: 7, bytes)
            #expect(sender.send(batch) == 3)
        }
        #expect(batch.failure(at: 0) == .notSegmented)
        #expect(batch.failure(at: 1) == .bytesAreGone)
        #expect(batch.failure(at: 2) == nil)
        _ = try Readiness.wait(for: [receiver.descriptor], milliseconds: 10_000)
        let received = try receiver.receive(into: DatagramBatch())
        #expect(received.map(\.bytes) == [[0, 0, 0, 7, 1, 2, 3]])
    }

    @Test("what waits in a full socket is reported, and room for more as well")
    func poller() throws {
        let (sender, receiver) = (try UDPSocket(port: 0), try UDPSocket(address: Self.loopback, port: 0))
        let poller = try Poller()
        try poller.add(sender.descriptor, tag: 4)
        try poller.add(receiver.descriptor, tag: 5)
        #expect(try poller.wait(milliseconds: 0).isEmpty)
        #expect(sender.send([OutgoingDatagram(bytes: [1], destination: Self.loopback, port: receiver.localPort)]) == [nil])
        let events = try poller.wait(milliseconds: 10_000)
        #expect(events.map(\.tag) == [5])
        #expect(events.allSatisfy { $0.isReadable && !$0.isWritable })
        try poller.watch(sender.descriptor, tag: 4, forWriting: true)
        let both = try poller.wait(milliseconds: 10_000)
        #expect(both.first { $0.tag == 4 }?.isWritable == true)
    }

    @Test("the path to ourselves takes large packets")
    func pathMTU() {
        #expect(UDPSocket.pathMTU(to: Self.loopback) == 65_535)
    }
}
