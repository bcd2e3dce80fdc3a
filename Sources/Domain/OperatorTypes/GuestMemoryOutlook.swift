/// Whether a host gets the memory for guests that its documents ask for.
package struct GuestMemoryOutlook: Codable, Sendable, Hashable {
    /// As the documents ask.
    package var mebibytes: Int
    /// The kernel argument that sets it aside; `nil` while the host has not shown its memory map, or where it is impossible.
    package var argument: String?
    /// Why it is impossible, in a person's words.
    package var obstacle: String?
    /// True when the running kernel was started with it.
    package var isInForce: Bool

    package init(mebibytes: Int, argument: String? = nil, obstacle: String? = nil, isInForce: Bool = false) {
        (self.mebibytes, self.argument, self.obstacle, self.isInForce) = (mebibytes, argument, obstacle, isInForce)
    }
}

extension GuestMemoryOutlook: CustomStringConvertible {
    package var description: String {
        let size = "\(mebibytes) MiB"
        if let obstacle { return "\(size) cannot be set aside: \(obstacle)" }
        guard let argument else { return "\(size) to be set aside once the host has shown its memory map" }
        return isInForce ? "\(size), by \(argument)" : "\(size) to be set aside by \(argument) at the next start of a kernel"
    }
}
