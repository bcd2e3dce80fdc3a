import Primitives

/// Files that transfers are under way from: one mapping each, gone with the last of them.
struct TFTPMappedFiles {
    private struct Entry { weak var content: TFTPContent? }
    private var entries: [Digest: Entry] = [:]

    /// `nil` when the file cannot be mapped.
    mutating func content(of digest: Digest, _ file: OpenFile) -> TFTPContent? {
        // Not that of a file which was there before, and was cut.
        if let content = entries[digest]?.content, content.isOf(file) { return content }
        guard let content = TFTPContent(file, size: Int(clamping: file.size)) else { return nil }
        entries = entries.filter { $0.value.content != nil }
        entries[digest] = Entry(content: content)
        return content
    }
}
