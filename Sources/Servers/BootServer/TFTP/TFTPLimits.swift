package import TFTPWire

/// What all clients together, and one of them, may cost.
package struct TFTPLimits: Sendable, Hashable {
    package var transfers = 1024
    /// By address: several NICs behind one relay or translator share it.
    package var transfersPerClient = 16
    /// `netascii` needs the converted file in memory.
    package var largestTextFile: Int64 = 4 * 1024 * 1024
    /// Block and window sizes, waits. Blocks fit the path to each client as well.
    package var transfer = TFTPReadTransfer.Limits(linkMTU: 65_536, maximumWindowSize: 64)
    /// Late packets of a transfer are its own for this long after its end.
    package var lingering = Duration.seconds(5)
    /// How long transfers under way may go on after the server was told to stop.
    package var grace = Duration.seconds(5)
    package init() {}
}
