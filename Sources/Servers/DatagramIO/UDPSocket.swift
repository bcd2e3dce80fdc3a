import CSockets
package import Primitives

/// A non-blocking IPv4 UDP socket that says by which interface a datagram came, and sends from the address it is told to.
package struct UDPSocket: Sendable {
    package let descriptor: Descriptor
    /// In host byte order.
    package let localPort: UInt16

    /// Binds to a port (0 takes a free one), on one interface where that is named: sockets of other interfaces can then have the same port.
    /// `receiveBuffer` is in bytes; 0 leaves the system's.
    package init(
        interface: String? = nil, address: IPv4Address = .any, port: UInt16, receiveBuffer: Int32 = 0
    ) throws(SocketError) {
        let place = "UDP port \(port)\(interface.map { " on \($0)" } ?? "")"
        let number: Int32
        if let interface {
            number = csockets_udp_open(interface, address.value, port, receiveBuffer)
        } else {
            number = csockets_udp_open(nil, address.value, port, receiveBuffer)
        }
        descriptor = Descriptor(owning: try SocketError.check(number, "open \(place)"))
        localPort = UInt16(truncatingIfNeeded: try SocketError.check(csockets_local_port(descriptor.number), "read the port of \(place)"))
    }

    /// What has arrived, at most one batch; empty when nothing has.
    package func receive(into batch: DatagramBatch) throws(SocketError) -> [IncomingDatagram] {
        let count = batch.fill { csockets_receive(descriptor.number, $0, $1) }
        if count < 0, SocketError("", code: -count).isTransient { return [] }
        return batch.datagrams(try SocketError.check(count, "receive"))
    }

    /// Calls `body` for what has arrived, at most one batch. Returns how many; a batch that was full may have left some behind.
    package func receive(into batch: DatagramBatch, _ body: (DatagramView) -> Void) throws(SocketError) -> Int {
        let count = batch.fill { csockets_receive(descriptor.number, $0, $1) }
        if count < 0, SocketError("", code: -count).isTransient { return 0 }
        batch.forEach(try SocketError.check(count, "receive"), body)
        return Int(count)
    }

    /// Datagrams that were dropped before anybody read them, since the socket was opened: mostly because its buffer was full (SO_MEMINFO). Begins
    /// anew after 2^32.
    package var drops: UInt32 { csockets_drops(descriptor.number) }

    /// Lets this many bytes wait to be sent, as far as the system allows.
    package func setSendBuffer(_ bytes: Int32) { csockets_send_buffer(descriptor.number, bytes) }

    /// Bytes of the greatest packet that goes to an address unfragmented, by its route and what ICMP has told; `nil` when there is no way to it.
    package static func pathMTU(to address: IPv4Address) -> Int? {
        let size = csockets_path_mtu(address.value)
        return size > 0 ? Int(size) : nil
    }

    /// Tries every datagram; one result each, in order, `nil` where it left.
    package func send(_ datagrams: [OutgoingDatagram]) -> [SocketError?] {
        var results = [SocketError?](repeating: nil, count: datagrams.count)
        for start in stride(from: 0, to: datagrams.count, by: Int(CSOCKETS_BATCH)) {
            sendBatch(datagrams[start..<min(start + Int(CSOCKETS_BATCH), datagrams.count)]) { results[$0] = $1 }
        }
        return results
    }

    /// Tells `failed` the places of those that did not leave.
    private func sendBatch(_ datagrams: ArraySlice<OutgoingDatagram>, _ failed: (Int, SocketError) -> Void) {
        // One behind another, so that the kernel may take several as one message.
        var payload: [UInt8] = []
        payload.reserveCapacity(datagrams.reduce(0) { $0 + $1.bytes.count })
        for datagram in datagrams { payload.append(contentsOf: datagram.bytes) }
        payload.withUnsafeBufferPointer { payload in
            var offset = 0
            var messages = datagrams.map { datagram in
                defer { offset += datagram.bytes.count }
                return csockets_outgoing(
                    bytes: payload.baseAddress.map { $0 + offset }, length: UInt32(clamping: datagram.bytes.count),
                    source_address: datagram.source.value, destination_address: datagram.destination.value,
                    interface_index: datagram.interfaceIndex, destination_port: datagram.port,
                    may_join: datagram.mayJoin ? 1 : 0, error: 0)
            }
            guard csockets_send(descriptor.number, &messages, Int32(messages.count)) < messages.count else { return }
            for (index, message) in zip(datagrams.indices, messages) where message.error != 0 {
                failed(index, SocketError("send to \(datagrams[index].destination)", code: message.error))
            }
        }
    }
}

/// A datagram to send.
package struct OutgoingDatagram: Sendable, Hashable {
    package var bytes: [UInt8]
    /// 0.0.0.0 lets the kernel choose.
    package var source: IPv4Address
    package var destination: IPv4Address
    package var port: UInt16
    /// 0 follows the routes.
    package var interfaceIndex: UInt32
    /// It may leave with others of its size to its receiver as one message, which the kernel cuts where it leaves the computer: whoever
    /// reads raw frames on this computer sees the first of them only.
    package var mayJoin: Bool

    package init(
        bytes: [UInt8], source: IPv4Address = .any, destination: IPv4Address, port: UInt16, interfaceIndex: UInt32 = 0,
        mayJoin: Bool = false
    ) {
        (self.bytes, self.source, self.destination) = (bytes, source, destination)
        (self.port, self.interfaceIndex, self.mayJoin) = (port, interfaceIndex, mayJoin)
    }
}
