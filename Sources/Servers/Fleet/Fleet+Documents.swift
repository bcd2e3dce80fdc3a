import Documents
import FleetModel
import Foundation
import HostContract
import Logging
package import OperatorTypes
import Synchronization

/// One change of documents at a time; the store's compare-and-set guards against other processes.
actor FleetWriter {
    private var isBusy = false
    private var waiters: [CheckedContinuation<Void, Never>] = []

    func exclusively<Value: Sendable>(_ body: @Sendable () async throws -> Value) async rethrows -> Value {
        while isBusy { await withCheckedContinuation { waiters.append($0) } }
        isBusy = true
        defer {
            isBusy = false
            if !waiters.isEmpty { waiters.removeFirst().resume() }
        }
        return try await body()
    }
}

/// malloc_trim(3), which the Glibc module leaves out.
@_silgen_name("malloc_trim") private func trimAllocator(_ left: Int) -> Int32

extension Fleet {
    /// Brings documents in force: all of them, durable before the answer, or none.
    /// - Parameter keepingLoaders: as at a start: a boot program that cannot be read again stays as it is, where its document is the same.
    package func apply(_ request: ApplyRequest, keepingLoaders: Bool = false) async throws -> ApplyResult {
        try await writer.exclusively { [self] in try await applyAlone(request, keepingLoaders: keepingLoaders) }
    }

    /// `apply` for who holds the writer.
    func applyAlone(_ request: ApplyRequest, keepingLoaders: Bool = false) async throws -> ApplyResult {
        let parsed = DocumentParser.parse(files: request.files.map { SourceFile(path: $0.path, text: $0.text) })
        let (before, revision) = state.withLock { ($0.documents, $0.revision) }
        let after = before.merging(parsed.documents)
        var problems = parsed.problems.isEmpty ? after.validate() : parsed.problems
        let current = state.withLock { $0.loaders }
        var loaders = LoaderChange(keeping: current, in: after)
        if problems.isEmpty, let document = parsed.documents.first(where: { $0.kind == .bootServer }) {
            let isSame = before[document.kind, document.metadata.name]?.source == document.source
            loaders = try await readLoaders(of: document, keeping: keepingLoaders && isSame ? current : [:])
            problems = loaders.problems
        }
        let changes = parsed.documents.map { document in
            let old = before[document.kind, document.metadata.name]
            let isSame = old?.source == document.source && (document.kind != .bootServer || loaders.files == current)
            let kind: ApplyResult.Change.Kind = old == nil ? .created : isSame ? .unchanged : .changed
            return ApplyResult.Change(kind: kind, document: document.key.description)
        }
        guard problems.isEmpty else {
            return ApplyResult(revision: revision, changes: [], mistakes: problems.map(ApplyResult.Mistake.init))
        }
        let notes = parsed.documents.flatMap(\.notes).map(ApplyResult.Note.init)
        guard !request.dryRun, changes.contains(where: { $0.kind != .unchanged }) else {
            return ApplyResult(revision: revision, changes: changes, mistakes: [], notes: notes)
        }
        let new = try await putInForce(after, loaders, over: revision)
        return ApplyResult(revision: new, changes: changes, mistakes: [], notes: notes)
    }

    package func removeDocument(kind: String, name: String) async throws -> ApplyResult {
        guard let key = DocumentKey("\(kind)/\(name)") else {
            throw APIProblem(
                code: "malformed-name", message: "\(kind)/\(name) names no document; kinds are Subnet, Image, Profile, Host, Guest, BootServer")
        }
        return try await writer.exclusively { [self] in
            let (before, revision) = state.withLock { ($0.documents, $0.revision) }
            guard before[key.kind, key.name] != nil else {
                throw APIProblem(code: "unknown-document", message: "there is no document \(key); see: bennu document list")
            }
            let after = before.removing([key])
            if let problem = after.validate().first {
                throw APIProblem(code: "in-use", message: "cannot remove \(key): \(problem.path) of \(problem.file): \(problem.message)")
            }
            let new = try await putInForce(after, LoaderChange(keeping: state.withLock { $0.loaders }, in: after), over: revision)
            return ApplyResult(revision: new, changes: [.init(kind: .removed, document: key.description)], mistakes: [])
        }
    }

    package func documentList() -> [DocumentSummary] {
        snapshot.documents.sorted.map { DocumentSummary(kind: $0.kind.rawValue, name: $0.metadata.name, text: $0.source) }
    }

    private func putInForce(_ documents: DocumentSet, _ loaders: LoaderChange, over revision: UInt64) async throws -> UInt64 {
        try await keep(loaders)
        guard let new = try await DocumentArchive(store: store).save(documents, loaders: loaders.files, after: revision) else {
            throw APIProblem(code: "conflict", message: "the documents were changed by somebody else meanwhile; look at them and apply again")
        }
        let time = now()
        state.withLock { state in
            var generator = SystemRandomNumberGenerator()
            state.loaders = loaders.files
            state.adopt(documents, revision: new, now: time, using: &generator)
        }
        brings(state.withLock { $0.downloadLimits })
        // Host ids that the documents brought into being must be there before a placement names them.
        await save()
        try await settlePlacements()
        Self.returnMemory()
        changes.ring()
        return new
    }

    /// What reading documents took is several times what they take once they are read, and the allocator would keep it.
    static func returnMemory() { _ = trimAllocator(0) }

    /// Writes the placements that the documents ask for. Run again after a crash, it finishes what was left.
    func settlePlacements() async throws {
        state.withLock { $0.placementsAreLeft = true }
        for (guest, placement) in state.withLock({ $0.placementChanges(now: now()) }) {
            try await FleetKeys.write(placement, at: FleetKeys.placement(guest), in: store)
            state.withLock { $0.placements[guest] = placement }
        }
        state.withLock { $0.placementsAreLeft = false }
    }

    /// After a store that could not write them when the documents came in force.
    func settleLeftPlacements() async {
        guard state.withLock({ $0.placementsAreLeft }) else { return }
        await writer.exclusively { [self] in
            do {
                try await settlePlacements()
                changes.ring()
            } catch {
                logger.warning("cannot write placements", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension ApplyResult.Mistake {
    init(_ problem: DocumentProblem) {
        self.init(
            file: problem.file, line: problem.line, column: problem.column, path: problem.path, message: problem.message, hint: problem.hint)
    }
}

extension ApplyResult.Note {
    init(_ note: DocumentNote) { self.init(file: note.file, line: note.line, path: note.path, message: note.message) }
}
