package import FleetModel

/// All documents of one revision, by kind and name.
package struct DocumentSet: Sendable, Hashable {
    package private(set) var documents: [DocumentKey: Document] = [:]
    /// Names of Guest documents by the Host document that they are placed on.
    private var guestNames: [String: Set<String>] = [:]
    /// Names of Image documents by the reference that they speak of.
    private var imageNames: [ImageReference: String] = [:]

    package init(_ documents: some Sequence<Document> = []) {
        for document in documents { put(document) }
    }

    package subscript(_ kind: DocumentKind, _ name: String) -> Document? { documents[DocumentKey(kind: kind, name: name)] }

    /// This set with `applied` in it; a document of the same kind and name is replaced as a whole.
    package func merging(_ applied: some Sequence<Document>) -> DocumentSet {
        var merged = self
        for document in applied { merged.put(document) }
        return merged
    }

    /// This set without the documents named.
    package func removing(_ keys: some Sequence<DocumentKey>) -> DocumentSet {
        var rest = self
        for key in keys { rest.remove(key) }
        return rest
    }

    /// In the order of kinds, then by name. Keys are sorted, for a document is a dozen references to copy.
    package var sorted: [Document] { documents.keys.sorted().compactMap { documents[$0] } }

    private func sorted(_ kind: DocumentKind) -> [Document] { documents.keys.filter { $0.kind == kind }.sorted().compactMap { documents[$0] } }

    package var subnets: [(name: String, spec: SubnetSpec)] {
        sorted(.subnet).compactMap { if case .subnet(let spec) = $0.spec { ($0.metadata.name, spec) } else { nil } }
    }

    package var hosts: [(name: String, spec: HostSpec)] {
        sorted(.host).compactMap { if case .host(let spec) = $0.spec { ($0.metadata.name, spec) } else { nil } }
    }

    /// A site has one at most.
    package var bootServer: BootServerSpec? {
        documents.values.lazy.compactMap { if case .bootServer(let spec) = $0.spec { spec } else { nil } }.first
    }

    package var guests: [GuestSpec] { sorted(.guest).compactMap { if case .guest(let spec) = $0.spec { spec } else { nil } } }

    package func host(_ name: String) -> HostSpec? {
        guard case .host(let spec) = self[.host, name]?.spec else { return nil }
        return spec
    }

    package func profile(_ name: String) -> ProfileSpec? {
        guard case .profile(let spec) = self[.profile, name]?.spec else { return nil }
        return spec
    }

    /// What the site's Image document says of a reference.
    package func image(_ reference: ImageReference) -> ImageSpec? {
        guard let name = imageNames[reference], case .image(let spec) = self[.image, name]?.spec else { return nil }
        return spec
    }

    /// Guests placed on a host, by name.
    package func guests(onHost name: String) -> [GuestSpec] {
        (guestNames[name] ?? []).sorted().compactMap {
            guard case .guest(let spec) = self[.guest, $0]?.spec else { return nil }
            return spec
        }
    }

    private mutating func put(_ document: Document) {
        remove(document.key)
        documents[document.key] = document
        switch document.spec {
        case .guest(let spec): guestNames[spec.host, default: []].insert(document.metadata.name)
        case .image(let spec): imageNames[spec.reference] = document.metadata.name
        case .subnet, .profile, .host, .bootServer: break
        }
    }

    private mutating func remove(_ key: DocumentKey) {
        switch documents.removeValue(forKey: key)?.spec {
        case .guest(let spec):
            guestNames[spec.host]?.remove(key.name)
            if guestNames[spec.host]?.isEmpty ?? false { guestNames[spec.host] = nil }
        case .image(let spec):
            if imageNames[spec.reference] == key.name { imageNames[spec.reference] = nil }
        case .subnet, .profile, .host, .bootServer, nil: break
        }
    }
}
