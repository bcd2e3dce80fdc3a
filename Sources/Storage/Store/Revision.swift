/// A counter of the states of one store. A new store is at 0; each batch that changes something makes the next one.
/// Revisions of different stores do not compare: whoever keeps one keeps the `StoreIdentity` beside it.
package struct Revision: RawRepresentable, Hashable, Sendable {
    package static let zero = Revision(rawValue: 0)

    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }
}

extension Revision: Comparable {
    package static func < (left: Revision, right: Revision) -> Bool { left.rawValue < right.rawValue }
}

extension Revision: CustomStringConvertible {
    package var description: String { String(rawValue) }
}

/// In JSON a revision is its number.
extension Revision: Codable {}
