import CSockets
package import Primitives

/// A datagram that arrived.
package struct IncomingDatagram: Sendable, Hashable {
    package var bytes: [UInt8]
    package var source: IPv4Address
    package var port: UInt16
    /// The address it was sent to: ours, or 255.255.255.255.
    package var destination: IPv4Address
    package var interfaceIndex: UInt32
    /// It was longer than the batch's capacity; `bytes` holds its beginning.
    package var isTruncated: Bool
}

/// The buffers of one thread's receiving, made once.
package final class DatagramBatch {
    private let storage: UnsafeMutableBufferPointer<UInt8>
    private var messages: [csockets_incoming]

    /// `capacity` bytes for each of up to 64 datagrams.
    package init(capacity: Int = 4096) {
        let capacity = max(1, min(capacity, 65_536))
        let count = Int(CSOCKETS_BATCH)
        let storage = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: capacity * count)
        storage.initialize(repeating: 0)
        self.storage = storage
        messages = (0..<count).map { index in
            var message = csockets_incoming()
            message.bytes = storage.baseAddress.map { $0 + index * capacity }
            message.capacity = UInt32(capacity)
            return message
        }
    }

    deinit { storage.deallocate() }

    func fill(_ receive: (UnsafeMutablePointer<csockets_incoming>?, Int32) -> Int32) -> Int32 {
        messages.withUnsafeMutableBufferPointer { receive($0.baseAddress, Int32($0.count)) }
    }

    func datagrams(_ count: Int32) -> [IncomingDatagram] {
        messages.prefix(Int(max(0, count))).map { message in
            let length = Int(min(message.length, message.capacity))
            return IncomingDatagram(
                bytes: Array(UnsafeBufferPointer(start: message.bytes, count: length)),
                source: IPv4Address(value: message.source_address), port: message.source_port,
                destination: IPv4Address(value: message.destination_address), interfaceIndex: message.interface_index,
                isTruncated: message.truncated != 0)
        }
    }

    /// The bytes are the batch's own: they are gone when it is filled again.
    func forEach(_ count: Int32, _ body: (DatagramView) -> Void) {
        messages.withUnsafeBufferPointer { messages in
            for message in messages.prefix(Int(max(0, count))) {
                let bytes = UnsafeRawBufferPointer(start: message.bytes, count: Int(min(message.length, message.capacity)))
                body(
                    DatagramView(
                        bytes: bytes, source: IPv4Address(value: message.source_address), port: message.source_port,
                        destination: IPv4Address(value: message.destination_address), isTruncated: message.truncated != 0))
            }
        }
    }
}

/// A datagram that arrived, in the buffer of its batch: for loops that copy nothing.
package struct DatagramView {
    package let bytes: UnsafeRawBufferPointer
    package let source: IPv4Address
    package let port: UInt16
    package let destination: IPv4Address
    package let isTruncated: Bool
}
