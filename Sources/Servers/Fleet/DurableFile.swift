import Foundation

/// Files that are there in full after a power cut, or not at all.
enum DurableFile {
    /// Writes beside `path`, syncs, renames over it, and syncs the directory.
    static func write(_ bytes: [UInt8], to path: String, mode: mode_t) throws {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw POSIXError.last(during: "create", path: temporary) }
        defer { close(descriptor) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress.map { $0 + offset }, bytes.count - offset, off_t(offset)) }
            guard count > 0 else { throw POSIXError.last(during: "write", path: temporary) }
            offset += count
        }
        guard fsync(descriptor) == 0, rename(temporary, path) == 0 else { throw POSIXError.last(during: "rename", path: path) }
        let directory = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw POSIXError.last(during: "sync", path: path) }
    }
}

struct FileProblem: Error, CustomStringConvertible {
    let description: String
}

extension POSIXError {
    static func last(during action: String, path: String) -> FileProblem {
        FileProblem(description: "cannot \(action) \(path): \(String(cString: strerror(errno)))")
    }
}
