import Primitives

/// A rack's name: 1 to 24 lower-case letters, digits and hyphens, a letter first. It becomes part of a namespace's and a directory's name.
package struct RackName: Hashable, Sendable {
    package let description: String

    /// What a rack is called when nobody said.
    package static let standard = RackName(verified: "rack")

    /// The rack's network namespace.
    package var namespace: String { "bennu-\(description)" }

    /// What a host's QEMU carries as its `-name`, by which it is found again even when every file of the rack is gone.
    func marker(of host: String) -> String { "\(markerPrefix)\(host)" }
    var markerPrefix: String { "bennu-rack:\(description):" }

    private init(verified: String) { description = verified }
}

extension RackName: StringCodable {
    package static let expectation = "a rack's name: 1 to 24 of a-z, 0-9 and -, a letter first"

    package init?(_ description: String) {
        let text = description.utf8
        guard (1...24).contains(text.count), let first = text.first, (97...122).contains(first) else { return nil }
        guard text.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }) else { return nil }
        self.init(verified: description)
    }
}
