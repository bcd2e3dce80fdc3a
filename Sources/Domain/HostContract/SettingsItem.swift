/// One thing that a host is to have: a bridge, a file, a guest. Its kind and name tell it apart in reports and when layers are merged.
package protocol SettingsItem: Codable, Sendable, Hashable {
    /// Singular, lower case: `bridge`.
    static var kind: String { get }
    static var effect: SettingsEffect { get }
    /// Unique among items of its kind on one host.
    var name: String { get }
}

extension SettingsItem {
    package var key: ItemKey { ItemKey(kind: Self.kind, name: name) }
}

/// When a change of an item takes effect.
package enum SettingsEffect: String, Codable, Sendable { case live, restart }

/// `bridge/br0`: names one item in reports.
package struct ItemKey: Codable, Sendable, Hashable, CustomStringConvertible {
    package var kind: String
    package var name: String
    package init(kind: String, name: String) { (self.kind, self.name) = (kind, name) }
    package var description: String { "\(kind)/\(name)" }
}
