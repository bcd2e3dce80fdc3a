package import HostContract

extension File: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        /// `nil` when there is no file.
        package var content: [UInt8]?
        package var mode: UInt16?
        package var isDirectory: Bool
        package var made: MadeItem?
        package init(content: [UInt8]?, mode: UInt16? = nil, isDirectory: Bool = false, made: MadeItem? = nil) {
            (self.content, self.mode, self.isDirectory, self.made) = (content, mode, isDirectory, made)
        }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        try Self.check(path)
        if host.root.isDirectory(path) { return Observed(content: nil, isDirectory: true, made: host.memory[key]) }
        return Observed(content: try host.root.read(path), mode: host.root.mode(path), made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        try Self.check(path)
        if observed.isDirectory { throw HostFailure(.foreign, "\(path) is a directory") }
        let bytes = Array(content.utf8)
        guard observed.content != bytes || observed.mode != mode & 0o7777 else { return ItemPlan() }
        var plan = ItemPlan(note: observed.content == nil ? "made" : observed.content == bytes ? "mode changed" : "replaced")
        if observed.made == nil {
            var made = MadeItem(paths: [path])
            if observed.content != nil {
                let copy = "/run/bennu/agent/originals/" + Fingerprint.of(path)
                plan.actions.append(.keepOriginal(path: path, copy: copy))
                (made.original, made.originalMode) = (copy, observed.mode)
            }
            plan.actions.append(.remember(key, made))
        }
        plan.actions.append(.writeFile(path: path, content: bytes, mode: mode & 0o7777))
        return plan
    }

    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        let undo: HostAction =
            made.original.map { .restoreOriginal(path: name, copy: $0, mode: made.originalMode ?? 0o644) } ?? .removeFile(path: name)
        return ItemPlan(
            [undo, .forget(ItemKey(kind: kind, name: name))], note: made.original == nil ? "removed" : "the image's own file put back")
    }

    /// Kernel parameters and devices are not files to be replaced, and what the agent keeps for itself is its own.
    private static func check(_ path: String) throws(HostFailure) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasPrefix("/"), parts.count > 1, parts.dropFirst().allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }),
            !path.utf8.contains(where: { $0 < 32 })
        else { throw HostFailure(.invalidItem, "\"\(path)\" is not an absolute path of a file") }
        for reserved in ["/proc/", "/sys/", "/dev/", "/run/bennu/"] where path.hasPrefix(reserved) {
            throw HostFailure(.invalidItem, "files below \(reserved) are not for settings")
        }
    }
}
