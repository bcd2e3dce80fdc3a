import Glibc

/// Whole small files by plain system calls: files in `/proc` tell no size, and errors here keep their errno.
enum SmallFile {
    /// Everything in the file, to at most 16 MiB; `nil` when it cannot be read.
    static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while content.count < 1 << 24 {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            content += buffer[..<count]
        }
        return content
    }

    static func text(_ path: String) -> String? {
        read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// Replaces the file in one step: a reader sees the old content or the new.
    static func replace(_ path: String, with content: [UInt8]) throws(RackError) {
        let temporary = "\(path).new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: temporary, operation: "create", code: errno) }
        defer { close(descriptor) }
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .file(path: temporary, operation: "write", code: errno) }
            rest = rest.dropFirst(count)
        }
        guard rename(temporary, path) == 0 else { throw .file(path: path, operation: "replace", code: errno) }
    }

    /// A file of zeros that occupies nothing until it is written to.
    static func makeSparse(_ path: String, bytes: Int64) throws(RackError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: path, operation: "create", code: errno) }
        defer { close(descriptor) }
        guard ftruncate(descriptor, off_t(bytes)) == 0 else { throw .file(path: path, operation: "size", code: errno) }
    }

    /// Makes the directory and those above it.
    static func makeDirectory(_ path: String) throws(RackError) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            made += "/\(part)"
            if mkdir(made, 0o700) != 0, errno != EEXIST { throw .file(path: made, operation: "make the directory", code: errno) }
        }
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
    static func isReadable(_ path: String) -> Bool { access(path, R_OK) == 0 }
    static func message(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
