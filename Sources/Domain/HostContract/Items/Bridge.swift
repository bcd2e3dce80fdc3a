package import Primitives

/// An Ethernet bridge that guests attach to, with the host's own address on it.
package struct Bridge: SettingsItem {
    package static let kind = "bridge"
    package static let effect = SettingsEffect.live
    package var name: String
    /// Interfaces that belong to it: a name (`eno1`), a hardware address, or `boot` for the NIC that the host booted from.
    package var ports: [String]
    package var addressing: Addressing
    /// Bytes; `nil` leaves the interface's own.
    package var mtu: Int?

    /// In JSON `{"mode": "none"}`, `{"mode": "dhcp"}` or `{"mode": "fixed", "addresses": […], "gateway": …, "nameServers": […]}`.
    package enum Addressing: Sendable, Hashable {
        case none
        /// DHCP with the hardware address of the first port as client identifier, so that the host keeps the one lease it booted with.
        case dhcp
        case fixed([IPv4Interface], gateway: IPv4Address?, nameServers: [IPv4Address])
    }

    package init(name: String, ports: [String], addressing: Addressing = .dhcp, mtu: Int? = nil) {
        (self.name, self.ports, self.addressing, self.mtu) = (name, ports, addressing, mtu)
    }
}
