import Glibc

/// The right to change one rack: an exclusive `flock` on `<state directory>/<rack>.lock`, which the kernel gives back when its holder dies.
struct RackLock: ~Copyable {
    private let descriptor: Int32
    private let path: String

    /// Waits for whoever holds it, a minute at most.
    static func take(_ rack: RackName, in directory: String) async throws(RackError) -> RackLock {
        let path = "\(directory)/\(rack).lock"
        for _ in 0..<1200 {
            try SmallFile.makeDirectory(directory)
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            // ENOENT: the last holder removed the directory between our two steps.
            guard descriptor >= 0 || errno == ENOENT else { throw .file(path: path, operation: "open", code: errno) }
            if descriptor >= 0 {
                if flock(descriptor, LOCK_EX | LOCK_NB) == 0, isCurrent(descriptor, path) {
                    return RackLock(descriptor: descriptor, path: path)
                }
                close(descriptor)
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        throw .busy(rack)
    }

    /// Gives it back and removes its file, and the directory above if that was the last, unless the rack itself still has files.
    consuming func releaseKeepingNothing(beside rack: String) {
        guard !SmallFile.exists(rack) else { return }
        unlink(path)
        if let slash = path.lastIndex(of: "/") { rmdir(String(path[..<slash])) }
    }

    /// Gives it back. Said in words at the end of every path, so that no optimizer may give it back earlier.
    consuming func release() {}

    deinit { close(descriptor) }

    /// A holder may have removed the file while we waited for it; then ours locks nothing.
    private static func isCurrent(_ descriptor: Int32, _ path: String) -> Bool {
        var held = stat()
        var named = stat()
        guard fstat(descriptor, &held) == 0, stat(path, &named) == 0 else { return false }
        return held.st_ino == named.st_ino && held.st_dev == named.st_dev
    }
}
