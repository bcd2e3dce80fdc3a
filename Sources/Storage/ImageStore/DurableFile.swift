import FoundationEssentials
import Glibc
import Primitives

/// Files that are whole or not there, after a power cut too: written aside, flushed, renamed, and the directory flushed.
enum DurableFile {
    static func makeDirectory(_ path: String) throws(ImageStoreError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .file(FileProblem(path: path, call: "create", errorNumber: errno))
        }
    }

    static func names(in directory: String) throws(ImageStoreError) -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw .file(FileProblem(path: directory, call: "list", errorNumber: errno))
        }
    }

    /// Copies an open file under `target`, by way of `incoming`, when its content is what `expected` says.
    /// Its bytes are hashed as they are written.
    static func place(
        _ source: CInt, path: String, incoming: String, at target: String, expected: Primitives.Digest, size: Int64
    ) throws(ImageStoreError) {
        let (temporary, descriptor) = try temporaryFile(in: incoming)
        defer { close(descriptor) }
        do throws(ImageStoreError) {
            let found: (digest: Primitives.Digest, size: Int64)
            do { found = try FileDigest.copy(from: source, path: path, to: descriptor) } catch { throw .file(error) }
            guard found.size == size else { throw .sizeMismatch(expected, expected: size, found: found.size) }
            guard found.digest == expected else { throw .digestMismatch(expected: expected, found: found.digest) }
            try publish(descriptor, temporary, at: target)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// A file of these bytes; an empty one is a mark.
    static func put(_ bytes: [UInt8] = [], at target: String, incoming: String) throws(ImageStoreError) {
        let (temporary, descriptor) = try temporaryFile(in: incoming)
        defer { close(descriptor) }
        do throws(ImageStoreError) {
            do { try FileDigest.write(bytes, to: descriptor, path: temporary) } catch { throw .file(error) }
            try publish(descriptor, temporary, at: target)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    static func flushDirectory(of path: String) throws(ImageStoreError) {
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let descriptor = open(parent.isEmpty ? "/" : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .file(FileProblem(path: parent, call: "open", errorNumber: errno)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .file(FileProblem(path: parent, call: "flush", errorNumber: errno)) }
    }

    private static func publish(_ descriptor: CInt, _ temporary: String, at target: String) throws(ImageStoreError) {
        guard fchmod(descriptor, 0o444) == 0, fsync(descriptor) == 0 else {
            throw .file(FileProblem(path: temporary, call: "flush", errorNumber: errno))
        }
        guard rename(temporary, target) == 0 else { throw .file(FileProblem(path: target, call: "rename to", errorNumber: errno)) }
        try flushDirectory(of: target)
    }

    private static func temporaryFile(in directory: String) throws(ImageStoreError) -> (String, CInt) {
        var template = Array("\(directory)/XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        if descriptor >= 0 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        guard descriptor >= 0 else { throw .file(FileProblem(path: directory, call: "create a file in", errorNumber: errno)) }
        return (String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self), descriptor)
    }
}

/// Excludes other writers of a store, in this process and in others, for as long as it is held.
struct StoreLock {
    private let descriptor: CInt

    /// Waits for its turn.
    init(_ directory: String) throws(ImageStoreError) {
        let path = "\(directory)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .file(FileProblem(path: path, call: "open", errorNumber: errno)) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else {
                let number = errno
                close(descriptor)
                throw .file(FileProblem(path: path, call: "lock", errorNumber: number))
            }
        }
    }

    func release() { close(descriptor) }
}
