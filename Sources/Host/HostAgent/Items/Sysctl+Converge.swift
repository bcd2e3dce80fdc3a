package import HostContract

extension Sysctl: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        /// As the kernel prints it; `nil` when there is no such parameter.
        package var value: String?
        package var made: MadeItem?
        package init(value: String?, made: MadeItem? = nil) { (self.value, self.made) = (value, made) }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        let path = try Self.path(of: name)
        guard host.root.exists(path) else { return Observed(value: nil, made: host.memory[key]) }
        return Observed(value: host.root.line(path) ?? "", made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        let path = try Self.path(of: name)
        guard let found = observed.value else { throw HostFailure(.missing, "this kernel has no parameter \(name); is its module loaded?") }
        guard !value.utf8.contains(where: { $0 < 32 && $0 != 9 }) else {
            throw HostFailure(.invalidItem, "the value of \(name) is not one line")
        }
        guard Self.words(found) != Self.words(value) else { return ItemPlan() }
        var plan = ItemPlan(note: "was \(found)")
        if observed.made == nil { plan.actions.append(.remember(key, MadeItem(original: found))) }
        plan.actions.append(.setKernelParameter(path: path, value: value))
        return plan
    }

    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        var plan = ItemPlan(note: "put back to \(made.original ?? "")")
        let path = try path(of: name)
        if let original = made.original, host.root.exists(path) { plan.actions.append(.setKernelParameter(path: path, value: original)) }
        plan.actions.append(.forget(ItemKey(kind: kind, name: name)))
        return plan
    }

    /// The kernel separates several values by tabs, people by spaces.
    private static func words(_ text: String) -> [Substring] { text.split { $0 == " " || $0 == "\t" } }

    /// `net.ipv4.ip_forward` is /proc/sys/net/ipv4/ip_forward. The separator that comes first decides (sysctl.d(5)):
    /// in `net/ipv4/conf/eth0.10/forwarding` the dot belongs to a name, in `net.ipv4.conf.eth0/10.forwarding` the slash is that dot.
    static func path(of name: String) throws(HostFailure) -> String {
        let first = name.first { $0 == "." || $0 == "/" }
        let separated = first == "/" ? name : String(name.map { $0 == "." ? "/" : $0 == "/" ? "." : $0 })
        let parts = separated.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.isEmpty, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), !name.utf8.contains(where: { $0 <= 32 }) else {
            throw HostFailure(.invalidItem, "\"\(name)\" is not the name of a kernel parameter")
        }
        return "/proc/sys/" + separated
    }
}
