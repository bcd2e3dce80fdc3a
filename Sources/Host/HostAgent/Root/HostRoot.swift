import Glibc

/// Where the host's file system begins: `/` on a host, a directory of its own in a test. Every path elsewhere is absolute and is meant below it.
package struct HostRoot: Sendable, Hashable {
    /// Without a slash at its end; empty for `/`.
    private let prefix: String

    package init(_ directory: String) {
        var text = Substring(directory)
        while text.hasSuffix("/") { text = text.dropLast() }
        prefix = String(text)
    }

    package static let host = HostRoot("/")

    /// True for the running host's own file system.
    package var isHost: Bool { prefix.isEmpty }

    /// The path as this process has to spell it.
    package func path(_ absolute: String) -> String { prefix + absolute }

    /// What tells this root file system from the one before a soft reboot: device and inode of its top directory.
    package var identity: String {
        var status = stat()
        guard stat(path("/"), &status) == 0 else { return "unknown" }
        return "\(status.st_dev):\(status.st_ino)"
    }

    package func exists(_ absolute: String) -> Bool { access(path(absolute), F_OK) == 0 }

    package func isDirectory(_ absolute: String) -> Bool {
        var status = stat()
        return stat(path(absolute), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Bytes of a file; 0 when nothing is there.
    package func size(_ absolute: String) -> UInt64 {
        var status = stat()
        return stat(path(absolute), &status) == 0 ? UInt64(clamping: status.st_size) : 0
    }

    /// Permission bits; `nil` when nothing is there.
    package func mode(_ absolute: String) -> UInt16? {
        var status = stat()
        guard stat(path(absolute), &status) == 0 else { return nil }
        return UInt16(truncatingIfNeeded: status.st_mode & 0o7777)
    }

    /// Names in a directory, sorted; empty when it is missing or unreadable.
    package func list(_ absolute: String) -> [String] {
        guard let directory = opendir(path(absolute)) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// The last component of what a symbolic link points at.
    package func linkName(_ absolute: String) -> String? { link(absolute)?.split(separator: "/").last.map(String.init) }

    /// What a symbolic link points at.
    package func link(_ absolute: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.bindMemory(to: CChar.self).baseAddress.map { readlink(path(absolute), $0, bytes.count) } ?? -1
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }
}
