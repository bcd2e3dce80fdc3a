/// Why something could not be done to the host: a named kind, and one line for the report.
package struct HostFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The settings item itself cannot be meant: a relative path, a host name with a space.
        case invalidItem = "invalid-item"
        case unreadable, unwritable
        /// A program that we ran did not succeed.
        case commandFailed = "command-failed"
        case libvirt
        /// What the item rests on is not there: a port, a disk, a kernel parameter.
        case missing
        /// Something of the same name is there that the agent did not make.
        case foreign
        /// The placement has a lower generation than one that this host has seen.
        case supersededPlacement = "superseded-placement"
        /// It was done, and the host did not become what it should; it was put back.
        case notEffective = "not-effective"
    }
    package var kind: Kind
    package var reason: String

    package init(_ kind: Kind, _ reason: String) { (self.kind, self.reason) = (kind, reason) }

    package var description: String { "\(kind.rawValue): \(reason)" }
}
