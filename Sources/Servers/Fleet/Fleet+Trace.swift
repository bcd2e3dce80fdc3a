package import FleetModel
import HashTreeCollections
package import HostContract
import Journal
package import OperatorTypes
import Primitives

/// Packets as operators ask for them. The trace is the DHCP server's.
extension Fleet {
    /// - Parameters:
    ///   - host: only of this one: name, host id, hardware address or UUID; a hardware address need not be a host's.
    ///   - interface: only of this one of ours.
    package func packets(
        of host: String?, on interface: String?, after: Int64, in trace: any PacketTrace
    ) throws(APIProblem) -> [DHCPTraceEntry] {
        let view = snapshot
        let wanted = try host.map { text throws(APIProblem) in try view.hardwareAddresses(of: text) }
        return trace.packets(after: after).compactMap { packet in
            guard interface == nil || packet.interface == interface else { return nil }
            if let wanted, packet.hardwareAddress.map(wanted.contains) != true { return nil }
            var packet = packet
            packet.host = packet.hardwareAddress.flatMap { view.byHardwareAddress[$0] }.flatMap { view.hosts[$0]?.document }
            return packet
        }
    }

    /// The newest events of the network that belong to no host, at most 100: other DHCP servers, addresses that foreign machines hold, boot
    /// programs that are lost.
    package func networkEvents() async throws -> [BootEvent] {
        await journal.flush()
        return try await journal.newestOfNoHost().filter { $0.source == .dhcp }
    }

    /// As `packets`, and then those that come; ends with its reader's task.
    package func followPackets(
        of host: String?, on interface: String?, after: Int64, in trace: any PacketTrace
    ) throws(APIProblem) -> AsyncStream<DHCPTraceEntry> {
        // Who cannot be found is named at once.
        _ = try packets(of: host, on: interface, after: .max, in: trace)
        return AsyncStream { continuation in
            // Ended by `onTermination`, when the reader is gone.
            let task = Task {
                var last = after
                for await _ in trace.news() {
                    let seen = trace.packets(after: last).last?.sequence ?? last
                    for packet in (try? packets(of: host, on: interface, after: last, in: trace)) ?? [] where packet.sequence <= seen {
                        continuation.yield(packet)
                    }
                    last = seen
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }
}
