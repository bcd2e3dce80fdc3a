package import HostContract

extension AuthorizedKey: ConvergingItem {
    static let file = "/root/.ssh/authorized_keys"

    package struct Observed: Sendable, Hashable {
        package var lines: [String]
        package var hasDirectory: Bool
        package var made: MadeItem?
        package init(lines: [String], hasDirectory: Bool = true, made: MadeItem? = nil) {
            (self.lines, self.hasDirectory, self.made) = (lines, hasDirectory, made)
        }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        Observed(
            lines: try Self.lines(host.root), hasDirectory: host.root.isDirectory(HostRoot.parent(of: Self.file)), made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        guard !line.utf8.contains(where: { $0 < 32 }), line.split(separator: " ").count >= 2, !line.hasPrefix("#") else {
            throw HostFailure(.invalidItem, "not a public key of one line, type then base64: \(line.prefix(40))")
        }
        guard !observed.lines.contains(line) else { return ItemPlan() }
        var plan = ItemPlan()
        if !observed.hasDirectory { plan.actions.append(.makeDirectory(path: HostRoot.parent(of: Self.file), mode: 0o700)) }
        if observed.made == nil { plan.actions.append(.remember(key, MadeItem(paths: [Self.file]))) }
        // The same key with another comment is the same key.
        let others = observed.lines.filter { AuthorizedKey($0).name != name }
        plan.actions.append(Self.write(others + [line]))
        return plan
    }

    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        let found = try lines(host.root)
        let rest = found.filter { AuthorizedKey($0).name != name }
        let forget = HostAction.forget(ItemKey(kind: kind, name: name))
        return ItemPlan(rest == found ? [forget] : [write(rest), forget], note: "removed")
    }

    private static func lines(_ root: HostRoot) throws(HostFailure) -> [String] {
        String(decoding: try root.read(file) ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func write(_ lines: [String]) -> HostAction {
        .writeFile(path: file, content: Array(lines.map { $0 + "\n" }.joined().utf8), mode: 0o600)
    }
}
