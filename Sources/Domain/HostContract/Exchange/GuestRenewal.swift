/// What an operator told a host to do with one running guest: to have it go on under the QEMU of the system that runs now, its memory in place.
/// Part of the signed configuration.
package struct GuestRenewal: Codable, Sendable, Hashable {
    package var id: String
    /// The guest's name.
    package var guest: String
    package init(id: String, guest: String) { (self.id, self.guest) = (id, guest) }
}

/// How a renewal ended.
package struct GuestRenewalStatus: Codable, Sendable, Hashable {
    /// Of the `GuestRenewal`.
    package var order: String
    /// Milliseconds that the guest stood still; `nil` when it failed.
    package var pause: Int?
    package var failure: String?
    package init(order: String, pause: Int? = nil, failure: String? = nil) { (self.order, self.pause, self.failure) = (order, pause, failure) }
}
