import Fleet
import Primitives
import Synchronization

/// Open blobs: one descriptor each, duplicated for every response. A blob that is deleted while hosts load it stays readable.
final class BlobFiles: Sendable {
    enum Failure: String, Error, Sendable, CaseIterable {
        /// Published, but the file cannot be opened.
        case unreadable = "blob-unreadable"
        /// The file's size is not the published one.
        case wrongSize = "blob-wrong-size"
    }

    fileprivate struct Entry {
        var file: OpenFile
        var size: Int64
        var lastUse: UInt64
    }
    fileprivate struct State {
        var entries: [Digest: Entry] = [:]
        var clock: UInt64 = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// Keeps at most `capacity` blobs open beyond those that are being sent.
    init(capacity: Int = 64) { self.capacity = max(1, capacity) }

    func open(_ blob: PublishedBlob) throws(Failure) -> OpenFile {
        if let file = state.withLock({ $0.use(blob) }) {
            // A file that was cut or that grew under us is not that blob any more; it may have been put right by renaming.
            if file.size == blob.size { return file }
            state.withLock { _ = $0.entries.removeValue(forKey: blob.digest) }
        }
        guard let file = OpenFile(path: blob.path) else { throw .unreadable }
        guard file.size == blob.size else { throw .wrongSize }
        state.withLock { $0.keep(file, of: blob, capacity: capacity) }
        return file
    }
}

extension BlobFiles.State {
    fileprivate mutating func use(_ blob: PublishedBlob) -> OpenFile? {
        clock &+= 1
        entries[blob.digest]?.lastUse = clock
        return entries[blob.digest]?.file
    }

    fileprivate mutating func keep(_ file: OpenFile, of blob: PublishedBlob, capacity: Int) {
        if entries.count >= capacity, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries.removeValue(forKey: oldest.key)
        }
        entries[blob.digest] = BlobFiles.Entry(file: file, size: blob.size, lastUse: clock)
    }
}
