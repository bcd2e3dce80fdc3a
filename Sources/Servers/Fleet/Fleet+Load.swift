import FleetModel
import Foundation
import HostContract
import ImageStore
import Primitives
import Store
import Synchronization

extension Fleet {
    /// Reads what is kept, finishes what a crash left half done, and makes the seal.
    func load() async throws {
        let records = try await store.readAll(FleetKeys.hosts).entries.map { try FleetKeys.decode(HostRecord.self, from: $0) }
        var placements: [String: PlacementRecord] = [:]
        for entry in try await store.readAll(FleetKeys.placements).entries {
            placements[String(entry.key.lastSegment)] = try FleetKeys.decode(PlacementRecord.self, from: entry)
        }
        var references: [ImageReference: Digest] = [:]
        for entry in try await store.readAll(FleetKeys.references).entries {
            guard let reference = ImageReference(String(entry.key.lastSegment)) else { continue }
            references[reference] = try FleetKeys.decode(Digest.self, from: entry)
        }
        let models = try await store.readAll(FleetKeys.models).entries.map { try FleetKeys.decode(ModelRecord.self, from: $0) }
        let (documents, named, revision) = try await DocumentArchive(store: store).load()
        let loaders = present(named)
        let seal = try makeSeal()
        let time = now()
        state.withLock { state in
            for record in records { state.put(record) }
            state.unsaved = []
            state.servingSince = startedAt
            for model in models { state.put(model) }
            state.unsavedModels = []
            (state.placements, state.references, state.seal) = (placements, references, seal)
            state.loaders = loaders
            var generator = SystemRandomNumberGenerator()
            state.adopt(documents, revision: revision, now: time, using: &generator)
        }
        brings(state.withLock { $0.downloadLimits })
        try reloadImages()
        await save()
        try await settlePlacements()
        Self.returnMemory()
    }

    private func makeSeal() throws -> PublishedBlob {
        let bytes = SiteSeal.archive(publicKey: site.publicKey)
        let digest = FileDigest.of(bytes)
        let path = images.directory + "/seal-" + digest.hexadecimal
        try DurableFile.write(bytes, to: path, mode: 0o644)
        return PublishedBlob(digest: digest, path: path, size: Int64(bytes.count), role: "seal")
    }
}
