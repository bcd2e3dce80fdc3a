package import AddressPlan
package import HostContract
package import OperatorTypes
package import Primitives

/// The running DHCP server as operators ask it. Everything is as its own thread has it at that moment.
package protocol LeaseDesk: Sendable {
    /// All leases and offers, by address. Problem: `dhcp-stopped`.
    func leases() async throws(APIProblem) -> [Lease]
    /// How full the pools are. Problem: `dhcp-stopped`.
    func use() async throws(APIProblem) -> AddressUse
    /// Takes an address back; durable before it returns. Problems: `unknown-lease`, `lease-ended`, `dhcp-busy`, `dhcp-stopped`, `not-durable`.
    func release(_ address: IPv4Address) async throws(APIProblem) -> Lease
}
