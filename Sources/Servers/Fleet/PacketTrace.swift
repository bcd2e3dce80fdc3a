package import OperatorTypes

/// The last packets of the DHCP server, as operators read them. They are decoded when they are read.
package protocol PacketTrace: Sendable {
    /// Those after a sequence number that are still there, oldest first.
    func packets(after: Int64) -> [DHCPTraceEntry]
    /// Yields when there are new ones, until its reader is gone.
    func news() -> AsyncStream<Void>
    var counts: DHCPCounts { get }
}
