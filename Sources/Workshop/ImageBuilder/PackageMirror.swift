import Primitives

/// Where packages come from: base URLs of Debian archives. They come from the build machine's apt or the operator; the source names none.
struct PackageMirror: Sendable, Hashable {
    /// Base URL without a trailing slash, by archive.
    var urls: [PackageLock.Archive: String]

    static let indexTargetsFormat = "$(LABEL)|$(REPO_URI)"

    /// Reads lines of `apt-get indextargets` in the format above. An archive without a label is known by its path.
    init?(indexTargets: String) {
        var found: [PackageLock.Archive: String] = [:]
        for line in indexTargets.split(separator: "\n") {
            let fields = line.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
            guard fields.count == 2, fields[1].hasPrefix("http") else { continue }
            let url = Self.trimmed(String(fields[1]))
            let archive: PackageLock.Archive? =
                switch String(fields[0]) {
                case "Debian": .debian
                case "Debian-Security": .security
                case "" where url.hasSuffix("/debian"): .debian
                case "" where url.hasSuffix("/debian-security"): .security
                default: nil
                }
            if let archive, found[archive] == nil { found[archive] = url }
        }
        guard found[.debian] != nil else { return nil }
        urls = found
    }

    /// Reads sources.list(5) files, for a machine whose indexes were never fetched or were thrown away: one-line and deb822 entries.
    init?(sourcesLists: [String]) {
        var found: [PackageLock.Archive: String] = [:]
        for line in sourcesLists.joined(separator: "\n").split(separator: "\n") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.first == "deb" || words.first == "URIs:" else { continue }
            for word in words.dropFirst() where word.hasPrefix("http://") || word.hasPrefix("https://") {
                let url = Self.trimmed(String(word))
                if url.hasSuffix("/debian-security"), found[.security] == nil { found[.security] = url }
                if url.hasSuffix("/debian"), found[.debian] == nil { found[.debian] = url }
            }
        }
        guard found[.debian] != nil else { return nil }
        urls = found
    }

    init(debian: String, security: String?) {
        urls = [.debian: Self.trimmed(debian)]
        if let security { urls[.security] = Self.trimmed(security) }
    }

    private static func trimmed(_ url: String) -> String {
        var text = Substring(url)
        while text.hasSuffix("/") { text.removeLast() }
        return String(text)
    }

    /// sources.list(5) lines for a suite. The keyring is Debian's own.
    func sources(suite: String, keyring: String, backports: Bool) -> String {
        var lines: [String] = []
        for suite in backports ? [suite, "\(suite)-backports"] : [suite] {
            if let url = urls[.debian] { lines.append("deb [signed-by=\(keyring)] \(url) \(suite) main non-free-firmware") }
        }
        if let url = urls[.security] { lines.append("deb [signed-by=\(keyring)] \(url) \(suite)-security main non-free-firmware") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Archive and path below it of a package's URL; `nil` when it is from elsewhere.
    func locate(_ url: String) -> (archive: PackageLock.Archive, path: String)? {
        for (archive, base) in urls.sorted(by: { $0.value.utf8.count > $1.value.utf8.count }) where url.hasPrefix(base + "/") {
            return (archive, String(url.dropFirst(base.utf8.count + 1)))
        }
        return nil
    }
}
