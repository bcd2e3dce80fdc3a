package import Primitives

/// One virtual host, on or off.
package struct VirtualHost: Codable, Equatable, Sendable {
    package var name: String
    package var uuid: UniversalUniqueIdentifier
    package var firmware: Firmware
    /// One a network card; the first one boots.
    package var hardwareAddresses: [HardwareAddress]
    package var diskBytes: Int64?
    /// NUMA nodes; `nil`, in a rack of an earlier version, for one.
    package var nodes: Int?
    /// `nil`, in a rack of an earlier version, for none.
    package var hasTPM: Bool?
    /// Its QEMU, since it was last powered on.
    package var process: ProcessIdentity?

    /// The tap of each network card, in the rack's namespace.
    package var taps: [String] { hardwareAddresses.indices.map { "\(name)n\($0)" } }
}
