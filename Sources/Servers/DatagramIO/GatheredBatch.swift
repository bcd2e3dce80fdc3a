import CSockets
import Glibc
package import Primitives

/// Datagrams made of headers and of bytes that lie elsewhere, up to 64 messages for one system call. A message may be many datagrams of one size to
/// one receiver (UDP_SEGMENT). Made once and used again: nothing is allocated while it is filled.
package final class GatheredBatch {
    /// Why a message did not leave.
    package enum Failure: Hashable, Sendable {
        /// Its bytes are not there: a mapped file was cut.
        case bytesAreGone
        /// The kernel does not cut messages on this way: send its datagrams one by one.
        case notSegmented
        /// It is lost, as packets can be.
        case other(SocketError)
    }

    /// The kernel takes this many datagrams in one message, and this many bytes.
    package static let maximumSegments = 64
    package static let maximumBytes = 65_507
    private static let capacity = Int(CSOCKETS_BATCH)

    private let messages: UnsafeMutablePointer<csockets_gathered>
    private let parts: UnsafeMutablePointer<iovec>
    private let headers: UnsafeMutablePointer<UInt32>
    private var partCount = 0
    private var headerCount = 0
    package private(set) var count = 0

    package init() {
        let parts = Self.capacity * Self.maximumSegments
        messages = .allocate(capacity: Self.capacity)
        self.parts = .allocate(capacity: 2 * parts)
        headers = .allocate(capacity: parts)
    }

    deinit {
        messages.deallocate()
        parts.deallocate()
        headers.deallocate()
    }

    package var isFull: Bool { count == Self.capacity }

    package func removeAll() { (count, partCount, headerCount) = (0, 0, 0) }

    /// Begins a message; `segmentSize` 0 is for a single datagram. Its parts are to follow. The batch must not be full.
    package func append(to destination: IPv4Address, port: UInt16, from source: IPv4Address, segmentSize: Int) {
        messages[count] = csockets_gathered(
            parts: parts + partCount, part_count: 0, source_address: source.value, destination_address: destination.value, destination_port: port,
            segment_size: UInt16(truncatingIfNeeded: segmentSize), error: 0)
        count += 1
    }

    /// Adds a datagram to the last message: four bytes, the first of them the highest, and then `bytes`, which must stay where they are until it is sent.
    package func append(header: UInt32, _ bytes: UnsafeRawBufferPointer) {
        headers[headerCount] = header.bigEndian
        parts[partCount] = iovec(iov_base: headers + headerCount, iov_len: 4)
        // The kernel only reads from it.
        parts[partCount + 1] = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        headerCount += 1
        partCount += 2
        messages[count - 1].part_count += 2
    }

    /// How many messages were tried, in order; the others would block.
    func send(by descriptor: Descriptor) -> Int { Int(csockets_send_gathered(descriptor.number, messages, Int32(count))) }

    /// Of a message that was tried.
    package func failure(at index: Int) -> Failure? {
        let message = messages[index]
        switch message.error {
        case 0: return nil
        case EFAULT: return .bytesAreGone
        case EINVAL, EIO, EMSGSIZE, EOPNOTSUPP: if message.segment_size > 0 { return .notSegmented }
        default: break
        }
        return .other(SocketError("send to \(IPv4Address(value: message.destination_address))", code: message.error))
    }
}

extension UDPSocket {
    /// Sends messages in order until one would block; how many were tried.
    package func send(_ batch: GatheredBatch) -> Int { batch.send(by: descriptor) }
}
