import Crypto
import Glibc
package import Primitives

/// Fetches a blob by its digest into a file: what is there already is kept and gone on with, and nothing keeps the name that is not the blob.
/// Blocks; belongs on a thread that may wait.
package struct BlobDownload: Sendable {
    private let root: HostRoot
    private let server: ServerAddress
    private let digest: Primitives.Digest
    private let size: Int64
    private let boot: String
    private let patience: Int
    private let sleep: @Sendable (Int) -> Void

    /// The most that a server is let to make us wait for our turn, in all; seconds. It lets everybody through after an hour.
    private static let longestQueue = 7200

    /// - Parameters:
    ///   - size: bytes.
    ///   - boot: for the boot server's timeline.
    ///   - patience: seconds without a byte after which a connection is given up.
    ///   - sleep: for so many seconds.
    package init(
        root: HostRoot, server: ServerAddress, digest: Primitives.Digest, size: Int64, boot: String, patience: Int = 30,
        sleep: @escaping @Sendable (Int) -> Void = { _ = Glibc.sleep(UInt32($0)) }
    ) {
        self.sleep = sleep
        (self.root, self.server, self.digest, self.size, self.boot, self.patience) = (root, server, digest, size, boot, patience)
    }

    /// - Parameter attempts: connections; each goes on where the last one ended. An answer that others have their turn first is none.
    /// - Returns: bytes that came over the wire.
    package func run(to path: String, attempts: Int = 8) throws(HostFailure) -> Int64 {
        let partial = path + ".partial"
        if root.exists(path) {
            if try digestOf(path) == digest { return 0 }
            try root.remove(path)
        }
        try root.makeDirectory(HostRoot.parent(of: path), mode: 0o700)
        let descriptor = open(root.path(partial), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw HostRoot.failure(.unwritable, "cannot make \(partial)", errno) }
        defer { close(descriptor) }
        var received: Int64 = 0
        var last = HostFailure(.missing, "nothing was tried")
        var queued = 0
        for attempt in 0..<attempts {
            if attempt > 0 { sleep(min(1 << attempt, 15)) }
            do throws(HostFailure) {
                while true {
                    let outcome = try fetch(into: descriptor)
                    guard case .askAgain(let seconds) = outcome else {
                        if case .received(let count) = outcome { received += count }
                        break
                    }
                    queued += seconds
                    guard queued <= Self.longestQueue else { throw HostFailure(.missing, "\(server) let others go first for two hours") }
                    sleep(seconds)
                }
            } catch {
                last = error
                continue
            }
            guard try digestOf(partial) == digest else {
                // Begin anew: what came may be an error page, or another blob.
                ftruncate(descriptor, 0)
                last = HostFailure(.foreign, "\(server) sent something else than \(digest.short)")
                continue
            }
            guard rename(root.path(partial), root.path(path)) == 0 else {
                throw HostRoot.failure(.unwritable, "cannot name \(path)", errno)
            }
            return received
        }
        throw HostFailure(last.kind, "cannot fetch \(digest.short): \(last.reason)")
    }

    private func digestOf(_ path: String) throws(HostFailure) -> Primitives.Digest? {
        let descriptor = open(root.path(path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw HostRoot.failure(.unreadable, "cannot open \(path)", errno) }
        defer { close(descriptor) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return Primitives.Digest(bytes: Array(hash.finalize())) }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw HostRoot.failure(.unreadable, "cannot read \(path)", errno)
            }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
        }
    }

    private enum Outcome {
        case received(Int64)
        /// Others have their turn first.
        case askAgain(seconds: Int)
    }

    /// One connection: from where the file ends to where the blob does.
    private func fetch(into file: Int32) throws(HostFailure) -> Outcome {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw HostRoot.failure(.unreadable, "cannot look at the partial blob", errno) }
        var offset = Int64(status.st_size)
        if offset >= size { return .received(0) }
        let connection = try BlobConnection(server: server, patience: patience)
        let answer = try connection.get("/blobs/sha256/\(digest.hexadecimal)?boot=\(boot)", from: offset)
        switch answer {
        case 206: break
        case 200:
            // A server that knows no ranges sends all of it.
            offset = 0
            ftruncate(file, 0)
        case 503:
            guard let seconds = connection.retryAfter, (1...600).contains(seconds) else { fallthrough }
            return .askAgain(seconds: seconds)
        default: throw HostFailure(.missing, "\(server) answered with HTTP status \(answer)")
        }
        guard lseek(file, off_t(offset), SEEK_SET) >= 0 else { throw HostRoot.failure(.unwritable, "cannot write the blob", errno) }
        var received: Int64 = 0
        while offset + received < size {
            let part = try connection.read()
            if part.isEmpty { throw HostFailure(.missing, "\(server) ended the connection at byte \(offset + received)") }
            let wanted = part.prefix(Int(clamping: size - offset - received))
            try HostRoot.writeAll(file, Array(wanted), name: "the blob")
            received += Int64(wanted.count)
        }
        return .received(received)
    }
}
