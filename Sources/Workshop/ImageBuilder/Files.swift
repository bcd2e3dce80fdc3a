import FoundationEssentials
import Glibc
import ImageStore
import Primitives

/// The few file operations of a build, with explicit modes: the caller's umask must not reach an image.
enum Files {
    static func makeDirectory(_ path: String) throws(ImageBuildError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .file(FileProblem(path: path, call: "create", errorNumber: errno))
        }
        // Directories that mmdebstrap reads from another user namespace must be open to it.
        chmod(path, 0o755)
    }

    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(ImageBuildError) {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws(ImageBuildError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .file(FileProblem(path: path, call: "create", errorNumber: errno)) }
        defer { close(descriptor) }
        fchmod(descriptor, mode)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw .file(FileProblem(path: path, call: "write", errorNumber: errno))
            }
            rest = rest.dropFirst(count)
        }
    }

    static func read(_ path: String) throws(ImageBuildError) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .file(FileProblem(path: path, call: "read", errorNumber: errno))
        }
        return Array(data)
    }

    static func digest(_ path: String) throws(ImageBuildError) -> (digest: Primitives.Digest, size: Int64) {
        do { return try FileDigest.ofFile(path) } catch { throw .file(error) }
    }

    /// Copies a regular file; its mode becomes `mode`.
    static func copy(_ source: String, to target: String, mode: mode_t = 0o644) throws(ImageBuildError) {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw .file(FileProblem(path: source, call: "open", errorNumber: errno)) }
        defer { close(input) }
        let output = open(target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard output >= 0 else { throw .file(FileProblem(path: target, call: "create", errorNumber: errno)) }
        defer { close(output) }
        fchmod(output, mode)
        do { _ = try FileDigest.copy(from: input, path: source, to: output) } catch { throw .file(error) }
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Relative paths of everything under a directory, sorted by bytes, directories before what is in them.
    static func tree(_ directory: String) -> [String] {
        var paths: [String] = []
        var pending = [""]
        while let prefix = pending.popLast() {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(prefix)")) ?? [] {
                let path = prefix.isEmpty ? name : "\(prefix)/\(name)"
                paths.append(path)
                if kind("\(directory)/\(path)") == .directory { pending.append(path) }
            }
        }
        return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    enum Kind {
        case file(executable: Bool)
        case directory, link, other
    }

    static func kind(_ path: String) -> Kind? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return switch status.st_mode & S_IFMT {
        case S_IFREG: .file(executable: status.st_mode & 0o111 != 0)
        case S_IFDIR: .directory
        case S_IFLNK: .link
        default: .other
        }
    }
}

extension Files.Kind: Equatable {}
