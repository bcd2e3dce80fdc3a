import Glibc
import Synchronization

/// The right of one process to a data directory: `flock` on `lock` in it, with the holder's process id as its text.
/// The kernel gives it back when the process ends, however it ends; a file left behind holds nothing.
final class DirectoryLock: Sendable {
    private let descriptor: Mutex<Int32>

    /// Makes the directory where it is missing (its parent must be there), mode 0700: what is in it may be secret.
    init(directory: String) throws(StoreError) {
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw .cannotOpen(path: directory, detail: "cannot make the directory: \(Self.reason(errno))")
        }
        let path = "\(directory)/lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw .cannotOpen(path: path, detail: Self.reason(errno)) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            defer { close(opened) }
            guard code == EWOULDBLOCK else { throw .cannotOpen(path: path, detail: Self.reason(code)) }
            throw .dataDirectoryInUse(path: directory, pid: Self.readProcessID(opened))
        }
        // The text is for people and for the error above; that it could not be written takes nothing from the lock.
        let text = Array("\(getpid())\n".utf8)
        _ = ftruncate(opened, 0)
        _ = pwrite(opened, text, text.count, 0)
        descriptor = Mutex(opened)
    }

    deinit { release() }

    func release() {
        descriptor.withLock { descriptor in
            guard descriptor >= 0 else { return }
            // Unlocked by name: a child caught between fork and exec still has the descriptor open, and with it the lock.
            _ = flock(descriptor, LOCK_UN)
            close(descriptor)
            descriptor = -1
        }
    }

    private static func readProcessID(_ descriptor: Int32) -> Int32? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        guard count > 0, count <= bytes.count else { return nil }
        return Int32(String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
    }

    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }
}
