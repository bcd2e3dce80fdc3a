package import HostContract

/// By which methods hosts may be upgraded or restarted: the field `upgrade` of Profile and Host, and of Guest for the host that it runs on. What
/// only configuration changes (`live`) is brought in force in any case.
package enum UpgradePolicy: Sendable, Hashable {
    case allow([UpgradeMethod])
    case forbid([UpgradeMethod])
    /// Every upgrade goes by this one or not at all, even where a cheaper one would do.
    case require(UpgradeMethod)

    package func permits(_ method: UpgradeMethod) -> Bool {
        guard method != .live else { return true }
        switch self {
        case .allow(let methods): return methods.contains(method)
        case .forbid(let methods): return !methods.contains(method)
        case .require(let only): return method == only
        }
    }
}

extension UpgradePolicy: CustomStringConvertible {
    package var description: String {
        switch self {
        case .allow(let methods): methods.isEmpty ? "allows live only" : "allows \(Self.text(methods))"
        case .forbid(let methods): methods.isEmpty ? "forbids nothing" : "forbids \(Self.text(methods))"
        case .require(let method): "requires \(method.rawValue)"
        }
    }

    /// The methods that are ruled out, each with the words for it.
    /// - Parameter document: the one that says so.
    package func forbidden(by document: DocumentKey) -> [UpgradeMethod: String] {
        Dictionary(uniqueKeysWithValues: UpgradeMethod.allCases.filter { !permits($0) }.map { ($0, "\(document) \(self)") })
    }

    private static func text(_ methods: [UpgradeMethod]) -> String { methods.map(\.rawValue).joined(separator: ", ") }
}

extension UpgradePolicy {
    private static let expectation = "one of \(UpgradeMethod.allCases.map(\.rawValue).joined(separator: ", "))"

    init?(reading cursor: Cursor?) {
        guard let cursor, let fields = cursor.fields(["allow", "forbid", "require"]) else { return nil }
        for (first, second) in [("allow", "forbid"), ("allow", "require"), ("forbid", "require")] {
            fields.exclude(first, second, because: "each says it all")
        }
        if let allowed = fields["allow"] {
            self = .allow(Self.methods(allowed))
        } else if let forbidden = fields["forbid"] {
            let methods = Self.methods(forbidden)
            if methods.contains(.live) {
                forbidden.report(.invalidValue, "live cannot be forbidden: it is how every change of the configuration comes in force")
            }
            self = .forbid(methods)
        } else if let required = fields["require"] {
            guard let method = Self.method(required) else { return nil }
            if method == .live { required.report(.invalidValue, "live brings no host to another image", hint: "write soft, warm, save or cold") }
            self = .require(method)
        } else {
            cursor.report(.missingField, "one of allow, forbid and require is required", hint: "write upgrade: {allow: [soft, warm]}")
            return nil
        }
    }

    private static func methods(_ cursor: Cursor) -> [UpgradeMethod] { cursor.list(of: "methods", uniqueBy: \.rawValue, method) }

    private static func method(_ cursor: Cursor) -> UpgradeMethod? { cursor.parsed(expectation) { UpgradeMethod(rawValue: $0) } }
}

extension DocumentSet {
    /// The policy in force for a host, and the document that says so: the Host document, else the last of its profiles that has one.
    package func upgradePolicy(forHost name: String) -> (policy: UpgradePolicy, document: DocumentKey)? {
        guard let host = host(name) else { return nil }
        if let policy = host.upgrade { return (policy, DocumentKey(kind: .host, name: name)) }
        return host.profiles.reversed().lazy.compactMap { profile in
            self.profile(profile)?.upgrade.map { ($0, DocumentKey(kind: .profile, name: profile)) }
        }.first
    }
}

extension YAMLWriter {
    mutating func policy(_ policy: UpgradePolicy?) {
        guard let policy else { return }
        open("upgrade", depth: 1)
        switch policy {
        // An empty list says something here: nothing but live is allowed.
        case .allow(let methods): methods.isEmpty ? emptyList("allow", depth: 2) : list("allow", methods.map(\.rawValue), depth: 2)
        case .forbid(let methods): methods.isEmpty ? emptyList("forbid", depth: 2) : list("forbid", methods.map(\.rawValue), depth: 2)
        case .require(let method): field("require", method.rawValue, depth: 2)
        }
    }
}
