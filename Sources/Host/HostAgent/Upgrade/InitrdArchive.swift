import Glibc
import Primitives

/// Files that are added to an initrd for the next kernel: a cpio archive (newc) behind those that the file has. Contents are not held in memory.
package struct InitrdArchive {
    private let root: HostRoot
    private let file: String

    /// - Parameter file: whose length is a multiple of four.
    package init(root: HostRoot, file: String) { (self.root, self.file) = (root, file) }

    package func append(_ name: String, _ content: [UInt8]) throws(HostFailure) {
        let header = CpioHeader(name, mode: 0o100600, size: UInt32(clamping: content.count))
        try add(header.bytes + content + CpioHeader.padding(after: content.count))
    }

    /// - Parameter path: of a file with less than 4 GiB.
    package func append(_ name: String, contentsOf path: String) throws(HostFailure) {
        let bytes = root.size(path)
        guard let size = UInt32(exactly: bytes) else { throw HostFailure(.invalidItem, "\(path) has \(bytes) bytes, too many for an initrd") }
        try add(CpioHeader(name, mode: 0o100600, size: size).bytes)
        let source = open(root.path(path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard source >= 0 else { throw HostRoot.failure(.unreadable, "cannot open \(path)", errno) }
        defer { Glibc.close(source) }
        let target = open(root.path(file), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW)
        guard target >= 0 else { throw HostRoot.failure(.unwritable, "cannot open \(file)", errno) }
        defer { Glibc.close(target) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var rest = Int(size)
        while rest > 0 {
            let count = read(source, &buffer, min(buffer.count, rest))
            guard count > 0 else { throw HostRoot.failure(.unreadable, "cannot read \(path)", count == 0 ? EIO : errno) }
            try HostRoot.writeAll(target, Array(buffer.prefix(count)), name: file)
            rest -= count
        }
        try HostRoot.writeAll(target, CpioHeader.padding(after: Int(size)), name: file)
    }

    package func close() throws(HostFailure) { try add(CpioHeader.trailer.bytes) }

    private func add(_ bytes: [UInt8]) throws(HostFailure) { try root.writeInPlace(file, bytes, append: true) }
}
