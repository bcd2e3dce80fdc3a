package import HostContract
package import Primitives

/// An order to a host about the system it runs, and how it went.
package struct UpgradeRecord: Codable, Sendable, Hashable {
    package enum State: String, Codable, Sendable {
        /// Given, and not yet carried out.
        case ordered
        /// The host has left the system that it was ordered in.
        case leaving
        case done
        case failed
    }

    package var order: UpgradeOrder
    package var state: State
    /// The boot that was told to do it.
    package var boot: BootID
    /// The boot that carries the new system.
    package var successor: BootID?
    /// When the host left the system that it was ordered in; milliseconds since 1970.
    package var leftAt: Int64?
    /// True once the new system has reported: whatever happens after, one kernel has started another.
    package var hasArrived: Bool?
    /// Why it failed, in a person's words.
    package var failure: String?
    /// Milliseconds since 1970.
    package var orderedAt: Int64
    /// The guests as they were when the order was given.
    package var guestsBefore: [GuestStatus]
    /// The kernel that ran when the order was given: the way back leads to it.
    package var kernelBefore: Digest?
    package var kernelArgumentsBefore: [String]?

    package init(
        order: UpgradeOrder, boot: BootID, orderedAt: Int64, guestsBefore: [GuestStatus], kernelBefore: Digest? = nil,
        kernelArgumentsBefore: [String]? = nil
    ) {
        (self.kernelBefore, self.kernelArgumentsBefore) = (kernelBefore, kernelArgumentsBefore)
        (self.order, self.boot, self.orderedAt, self.guestsBefore, state) = (order, boot, orderedAt, guestsBefore, .ordered)
    }
}
