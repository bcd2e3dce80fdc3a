import Crypto
import Glibc
package import Primitives

/// SHA-256 of files, read in pieces so that an image of any size needs 1 MiB of memory.
package enum FileDigest {
    /// The digest of these bytes.
    package static func of(_ bytes: some Sequence<UInt8>) -> Primitives.Digest {
        var hash = SHA256()
        hash.update(data: Array(bytes))
        return finish(hash)
    }

    /// Digest and length of a regular file, or the `errno` of the call that failed.
    package static func ofFile(_ path: String) throws(FileProblem) -> (digest: Primitives.Digest, size: Int64) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileProblem(path: path, call: "open", errorNumber: errno) }
        defer { close(descriptor) }
        return try copy(from: descriptor, path: path, to: nil)
    }

    /// Reads a descriptor to its end, hashing, and writes every byte to `target` where there is one:
    /// what was hashed is what was written, whatever happens to the source meanwhile.
    package static func copy(
        from source: CInt, path: String, to target: CInt?
    ) throws(FileProblem) -> (digest: Primitives.Digest, size: Int64) {
        var hash = SHA256()
        var size: Int64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = read(source, buffer.baseAddress, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileProblem(path: path, call: "read", errorNumber: errno)
            }
            if count == 0 { break }
            let piece = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hash.update(bufferPointer: piece)
            size += Int64(count)
            if let target { try write(piece, to: target, path: path) }
        }
        return (finish(hash), size)
    }

    static func write(_ bytes: [UInt8], to target: CInt, path: String) throws(FileProblem) {
        let problem = bytes.withUnsafeBytes { bytes -> FileProblem? in
            do throws(FileProblem) { try write(bytes, to: target, path: path) } catch { return error }
            return nil
        }
        if let problem { throw problem }
    }

    private static func write(_ bytes: UnsafeRawBufferPointer, to target: CInt, path: String) throws(FileProblem) {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(target, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FileProblem(path: path, call: "write", errorNumber: errno)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    private static func finish(_ hash: SHA256) -> Primitives.Digest {
        guard let digest = Primitives.Digest(bytes: Array(hash.finalize())) else {
            fatalError("SHA-256 is 32 bytes")  // no input reaches this: the type of the hash fixes its length
        }
        return digest
    }
}

/// A system call on a file that failed.
package struct FileProblem: Error, Hashable, Sendable, CustomStringConvertible {
    package let path: String
    package let call: String
    package let errorNumber: CInt

    package init(path: String, call: String, errorNumber: CInt) {
        self.path = path
        self.call = call
        self.errorNumber = errorNumber
    }

    package var description: String { "cannot \(call) \(path): \(String(cString: strerror(errorNumber)))" }
}
