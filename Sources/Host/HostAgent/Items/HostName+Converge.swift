package import HostContract

/// The host's name, as an item of its own in reports.
package struct HostName: SettingsItem {
    package static let kind = "host-name"
    package static let effect = SettingsEffect.live
    package var name: String
    package init(_ name: String) { self.name = name }

    static let file = "/etc/hostname"
    static let parameter = "/proc/sys/kernel/hostname"
}

extension HostName: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        package var file: String?
        package var kernel: String?
        package init(file: String?, kernel: String?) { (self.file, self.kernel) = (file, kernel) }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        Observed(file: host.root.line(Self.file), kernel: host.root.line(Self.parameter))
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        guard Self.isHostName(name) else {
            throw HostFailure(.invalidItem, "\"\(name)\" is not a host name (RFC 1123 section 2.1, at most 64 bytes)")
        }
        var plan = ItemPlan()
        if observed.file != name { plan.actions.append(.writeFile(path: Self.file, content: Array((name + "\n").utf8), mode: 0o644)) }
        if observed.kernel != name {
            plan.actions.append(.setKernelParameter(path: Self.parameter, value: name))
            plan.note = "was \(observed.kernel ?? "unset")"
        }
        return plan
    }

    /// A host keeps its last name.
    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        ItemPlan([.forget(ItemKey(kind: kind, name: name))])
    }

    /// Labels of letters, digits and inner hyphens (RFC 1123 section 2.1); 64 bytes is what Linux takes.
    static func isHostName(_ text: String) -> Bool {
        guard (1...64).contains(text.utf8.count) else { return false }
        return text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
            let isHyphen = { (byte: UInt8?) in byte == UInt8(ascii: "-") }
            guard (1...63).contains(label.count), !isHyphen(label.first), !isHyphen(label.last) else { return false }
            return label.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: isHyphen(byte)
                }
            }
        }
    }
}
