/// One YAML object as the operator wrote it, understood.
package struct Document: Sendable, Hashable {
    package var metadata: Metadata
    package var spec: Spec
    /// Exactly the text between the `---` lines: what is stored, and named by its digest.
    package var source: String
    /// The file that it came from, as the operator typed it.
    package var file: String
    /// Where the document begins in that file.
    package var position: SourcePosition
    /// The line of that file that `source` begins at.
    var firstLine: Int

    /// Of its own: the largest kind would make every document as large.
    package indirect enum Spec: Sendable, Hashable {
        case subnet(SubnetSpec)
        case image(ImageSpec)
        case profile(ProfileSpec)
        case host(HostSpec)
        case guest(GuestSpec)
        case bootServer(BootServerSpec)
    }

    package var key: DocumentKey { DocumentKey(kind: kind, name: metadata.name) }

    package var kind: DocumentKind {
        switch spec {
        case .subnet: .subnet
        case .image: .image
        case .profile: .profile
        case .host: .host
        case .guest: .guest
        case .bootServer: .bootServer
        }
    }

    /// Place of the value at `path`; of the document where there is none. Only mistakes ask for it, so it is looked for, not kept.
    func mark(_ path: String) -> SourcePosition { DocumentParser.places(in: self)[path] ?? position }
}

/// What every document has besides its `spec`.
package struct Metadata: Sendable, Hashable {
    /// Unique among documents of its kind.
    package var name: String
    package var labels: [String: String]
    package init(name: String, labels: [String: String] = [:]) { (self.name, self.labels) = (name, labels) }
}

/// The kinds of `apiVersion: bennu/v1`.
package enum DocumentKind: String, Codable, Sendable, CaseIterable, Comparable {
    case subnet = "Subnet"
    case image = "Image"
    case profile = "Profile"
    case host = "Host"
    case guest = "Guest"
    case bootServer = "BootServer"

    package static let apiVersion = "bennu/v1"

    package static func < (a: Self, b: Self) -> Bool { (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0) }
}

/// Names one document: `Host/h1`.
package struct DocumentKey: Codable, Sendable, Hashable, Comparable, CustomStringConvertible {
    package var kind: DocumentKind
    package var name: String
    package init(kind: DocumentKind, name: String) { (self.kind, self.name) = (kind, name) }

    /// Parses `Host/h1`, with the kind in any case.
    package init?(_ description: String) {
        let parts = description.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = Rules.name(String(parts[1])) else { return nil }
        let wanted = parts[0].lowercased()
        guard let kind = DocumentKind.allCases.first(where: { $0.rawValue.lowercased() == wanted }) else { return nil }
        self.init(kind: kind, name: name)
    }

    package var description: String { "\(kind.rawValue)/\(name)" }

    package static func < (a: Self, b: Self) -> Bool { (a.kind, a.name) < (b.kind, b.name) }
}
