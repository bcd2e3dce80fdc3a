package import HostContract
package import Primitives

/// A settings item that the agent can bring in force: look, decide, and leave the doing to the executor.
package protocol ConvergingItem: SettingsItem {
    associatedtype Observed: Sendable
    /// How the host stands with regard to this item. Changes nothing.
    func observe(_ host: HostView) throws(HostFailure) -> Observed
    /// What has to be done. Pure: the same arguments give the same plan.
    func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan
    /// How an item that the configuration no longer has is taken away.
    static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan
}

/// What items look at.
package struct HostView: Sendable {
    package var root: HostRoot
    package var libvirt: LibvirtConnection
    package var memory: AgentMemory
    /// This host's id.
    package var host: String
    /// Of the NIC that the host booted from.
    package var bootAddress: HardwareAddress?
    /// True when the server has confirmed the configuration lately: a placement of yesterday starts nothing.
    package var mayStartGuests: Bool
    /// Seconds since the kernel started.
    package var uptime: Double
    /// Storage pools that are to be in force.
    package var pools: [StoragePool]
    /// Where guests outlive the kernel.
    package var guestMemory: any GuestMemory

    package init(
        root: HostRoot, libvirt: LibvirtConnection, memory: AgentMemory, host: String, bootAddress: HardwareAddress?, mayStartGuests: Bool,
        uptime: Double, pools: [StoragePool], guestMemory: any GuestMemory
    ) {
        self.pools = pools
        self.guestMemory = guestMemory
        (self.root, self.libvirt, self.memory, self.host) = (root, libvirt, memory, host)
        (self.bootAddress, self.mayStartGuests, self.uptime) = (bootAddress, mayStartGuests, uptime)
    }
}
