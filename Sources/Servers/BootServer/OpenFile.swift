import NIOCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A regular file opened for reading; closed when nobody holds it any more.
final class OpenFile: Sendable {
    private let descriptor: CInt

    init?(path: String) {
        let descriptor = Self.openForReading(path)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        // Opening something that is no regular file could block or never end.
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    }

    deinit { close(descriptor) }

    private static func openForReading(_ path: String) -> CInt { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }

    /// Bytes, as the file system says now; -1 when it does not.
    var size: Int64 {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int64(status.st_size) : -1
    }

    /// A handle of its own for one response; whoever takes it closes it.
    func duplicate() -> NIOFileHandle? {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        return copy >= 0 ? NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: copy) : nil
    }

    /// Its first `size` bytes as memory, for the kernel to read from: reading beyond the end of a file that was cut would end the process.
    func map(_ size: Int) -> UnsafeRawBufferPointer? {
        guard size > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let memory = mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0), memory != MAP_FAILED else { return nil }
        return UnsafeRawBufferPointer(start: memory, count: size)
    }

    static func unmap(_ bytes: UnsafeRawBufferPointer) {
        if let memory = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: memory), bytes.count) }
    }

    /// Up to `count` bytes from `offset`; fewer at the end of the file, `nil` on failure.
    func read(at offset: Int64, count: Int) -> [UInt8]? {
        guard offset >= 0, count >= 0 else { return nil }
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, off_t(offset) + off_t(filled))
                if got < 0, errno == EINTR { continue }
                failed = got < 0
                if got <= 0 { break }
                filled += got
            }
        }
        return failed ? nil : bytes
    }
}
