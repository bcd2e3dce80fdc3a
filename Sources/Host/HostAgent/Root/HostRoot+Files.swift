import Glibc

extension HostRoot {
    /// The whole of a file; `nil` when it is missing. Reads to the end, as files of /proc and /sys have no size.
    /// - Throws: `.unreadable`, also for more than `limit` bytes.
    package func read(_ absolute: String, limit: Int = 16 << 20) throws(HostFailure) -> [UInt8]? {
        let descriptor = open(path(absolute), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let code = errno
            if code == ENOENT || code == ENOTDIR { return nil }
            throw Self.failure(.unreadable, "cannot open \(absolute)", code)
        }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return content }
            guard count > 0 else {
                let code = errno
                if code == EINTR { continue }
                throw Self.failure(.unreadable, "cannot read \(absolute)", code)
            }
            content += buffer.prefix(count)
            guard content.count <= limit else { throw HostFailure(.unreadable, "\(absolute) has more than \(limit) bytes") }
        }
    }

    /// A small text file without the white space around it; `nil` when it is missing, empty or unreadable.
    package func line(_ absolute: String) -> String? {
        guard let bytes = try? read(absolute, limit: 65536) else { return nil }
        let isSpace = { (byte: UInt8) in byte <= 32 }
        let trimmed = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        return trimmed.isEmpty ? nil : String(decoding: Array(trimmed), as: UTF8.self)
    }

    /// The words of the kernel's command line.
    package var kernelArguments: [Substring] { line("/proc/cmdline")?.split(separator: " ") ?? [] }

    /// Replaces a file in one step, so that no reader sees half of it. Missing directories above it are made.
    package func write(_ absolute: String, _ content: [UInt8], mode: UInt16 = 0o644) throws(HostFailure) {
        try makeDirectory(Self.parent(of: absolute), mode: 0o755)
        let temporary = absolute + ".bennu-new"
        unlink(path(temporary))
        let descriptor = open(path(temporary), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
        guard descriptor >= 0 else { throw Self.failure(.unwritable, "cannot make \(temporary)", errno) }
        defer { close(descriptor) }
        do throws(HostFailure) {
            // open() takes the umask away from the mode.
            guard fchmod(descriptor, mode_t(mode)) == 0 else {
                throw Self.failure(.unwritable, "cannot set the mode of \(absolute)", errno)
            }
            try Self.writeAll(descriptor, content, name: absolute)
            guard rename(path(temporary), path(absolute)) == 0 else { throw Self.failure(.unwritable, "cannot replace \(absolute)", errno) }
        } catch {
            unlink(path(temporary))
            throw error
        }
    }

    /// Writes into an existing file without replacing it: what /proc/sys and devices need.
    package func writeInPlace(_ absolute: String, _ content: [UInt8], append: Bool = false) throws(HostFailure) {
        let descriptor = open(path(absolute), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (append ? O_APPEND : O_TRUNC))
        guard descriptor >= 0 else { throw Self.failure(.unwritable, "cannot open \(absolute)", errno) }
        defer { close(descriptor) }
        try Self.writeAll(descriptor, content, name: absolute)
    }

    /// Writes over the beginning of a file, and leaves what is behind it.
    package func overwrite(_ absolute: String, _ content: [UInt8]) throws(HostFailure) {
        let descriptor = open(path(absolute), O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw Self.failure(.unwritable, "cannot open \(absolute)", errno) }
        defer { close(descriptor) }
        try Self.writeAll(descriptor, content, name: absolute)
    }

    /// Succeeds when the file is gone, also when it was not there.
    package func remove(_ absolute: String) throws(HostFailure) {
        guard unlink(path(absolute)) == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw Self.failure(.unwritable, "cannot remove \(absolute)", errno)
        }
    }

    /// Makes a directory and those above it. One that exists keeps its mode.
    package func makeDirectory(_ absolute: String, mode: UInt16) throws(HostFailure) {
        if isDirectory(absolute) || absolute.isEmpty || absolute == "/" { return }
        try makeDirectory(Self.parent(of: absolute), mode: 0o755)
        guard mkdir(path(absolute), mode_t(mode)) == 0 || errno == EEXIST else {
            throw Self.failure(.unwritable, "cannot make directory \(absolute)", errno)
        }
    }

    /// `/etc` of `/etc/hosts`; `/` of `/etc`.
    static func parent(of absolute: String) -> String {
        let parts = absolute.split(separator: "/").dropLast()
        return "/" + parts.joined(separator: "/")
    }

    static func failure(_ kind: HostFailure.Kind, _ what: String, _ code: Int32) -> HostFailure {
        HostFailure(kind, "\(what): \(String(cString: strerror(code)))")
    }

    static func writeAll(_ descriptor: Int32, _ content: [UInt8], name: String) throws(HostFailure) {
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let code = errno
                if code == EINTR { continue }
                throw failure(.unwritable, "cannot write \(name)", code)
            }
            rest = rest.dropFirst(count)
        }
    }
}
