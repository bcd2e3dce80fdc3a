package import HostContract

/// An order to a host about one of its guests, and how it went.
package struct GuestRenewalRecord: Codable, Sendable, Hashable {
    package enum State: String, Codable, Sendable { case ordered, done, failed }

    package var order: GuestRenewal
    package var state: State
    /// The boot that was told to do it.
    package var boot: BootID
    /// Milliseconds since 1970.
    package var orderedAt: Int64
    /// Milliseconds that the guest stood still.
    package var pause: Int?
    /// Why it failed, in a person's words.
    package var failure: String?

    package init(order: GuestRenewal, boot: BootID, orderedAt: Int64) {
        (self.order, self.boot, self.orderedAt, state) = (order, boot, orderedAt, .ordered)
    }
}
