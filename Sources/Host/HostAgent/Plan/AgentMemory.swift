import FoundationEssentials
package import HostContract

/// What the agent made on this host, so that it can take it away again. Kept below /run: it outlives the agent and a soft reboot, not a cold boot.
package struct AgentMemory: Codable, Sendable, Hashable {
    /// `HostRoot.identity` of the root that the file items were written to.
    package var root: String
    package var items: [MadeItem.Entry]
    /// The highest placement generation seen, by guest UUID.
    package var placements: [String: UInt64]

    package init(root: String) { (self.root, items, placements) = (root, [], [:]) }

    package static let path = "/run/bennu/agent/memory.json"

    package subscript(key: ItemKey) -> MadeItem? {
        get { items.first { $0.key == key }?.item }
        set {
            items.removeAll { $0.key == key }
            if let newValue { items.append(.init(key: key, item: newValue)) }
        }
    }

    /// What was left by the agent before this one; empty when there is nothing, or nothing that can be read.
    /// After a soft reboot the files of the old root are gone, and with them what is remembered of them.
    package static func load(from host: HostRoot) -> AgentMemory {
        let identity = host.identity
        guard let bytes = try? host.read(path), var memory = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
            return AgentMemory(root: identity)
        }
        if memory.root != identity {
            memory.root = identity
            memory.items.removeAll { [File.kind, AuthorizedKey.kind, HostName.kind].contains($0.key.kind) }
        }
        return memory
    }

    package func save(to host: HostRoot) throws(HostFailure) {
        guard let data = try? JSONEncoder().encode(self) else { throw HostFailure(.unwritable, "cannot encode the agent's memory") }
        try host.write(Self.path, Array(data), mode: 0o600)
    }
}

/// What is remembered of one item.
package struct MadeItem: Codable, Sendable, Hashable {
    package struct Entry: Codable, Sendable, Hashable {
        package var key: ItemKey
        package var item: MadeItem
    }
    /// SHA-256 of the definition that was given to libvirt.
    package var fingerprint: String?
    /// That of the definition which the running guest was started with.
    package var runningFingerprint: String?
    /// The value of a kernel parameter before us, or where the copy of a file before us is.
    package var original: String?
    package var originalMode: UInt16?
    /// Files that belong to the item.
    package var paths: [String] = []
    /// Seconds since the kernel started, when the guest was asked to shut down.
    package var stopRequested: Double?
    /// Seconds that the guest has to shut down, as it said when it was last seen in the documents.
    package var shutdownTimeout: Int?

    package init(
        fingerprint: String? = nil, runningFingerprint: String? = nil, original: String? = nil, originalMode: UInt16? = nil,
        paths: [String] = [], stopRequested: Double? = nil, shutdownTimeout: Int? = nil
    ) {
        self.shutdownTimeout = shutdownTimeout
        (self.fingerprint, self.runningFingerprint, self.original) = (fingerprint, runningFingerprint, original)
        (self.originalMode, self.paths, self.stopRequested) = (originalMode, paths, stopRequested)
    }
}
