import TFTPWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The bytes of a transfer, where the kernel can take them from. A file is mapped and never touched here: the kernel reads it as it sends, and says
/// so when the file was cut meanwhile.
final class TFTPContent {
    private let bytes: UnsafeRawBufferPointer
    /// `nil` for text that was converted.
    private let file: OpenFile?
    private var examinedIn: UInt64 = 0
    private var wasIntact = true

    /// `nil` when the file cannot be mapped.
    init?(_ file: OpenFile, size: Int) {
        guard let bytes = file.map(size) else { return nil }
        (self.bytes, self.file) = (bytes, file)
    }

    init(text: [UInt8]) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
        copy.copyBytes(from: text)
        (bytes, file) = (UnsafeRawBufferPointer(copy), nil)
    }

    deinit {
        if file == nil { bytes.deallocate() } else { OpenFile.unmap(bytes) }
    }

    var size: Int { bytes.count }
    func isOf(_ file: OpenFile) -> Bool { self.file === file }

    /// Whether the file still has all of its bytes; looked at once in each round of the loop.
    func isIntact(inRound round: UInt64) -> Bool {
        guard let file, examinedIn != round else { return wasIntact }
        examinedIn = round
        wasIntact = file.size == Int64(size)
        return wasIntact
    }

    /// `range` is inside the file.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }
}
