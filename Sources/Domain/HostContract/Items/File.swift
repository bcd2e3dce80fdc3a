/// A file with fixed content.
package struct File: SettingsItem {
    package static let kind = "file"
    package static let effect = SettingsEffect.live
    /// Absolute.
    package var path: String
    package var content: String
    /// Permission bits, like 0o644.
    package var mode: UInt16
    package var name: String { path }

    package init(path: String, content: String, mode: UInt16 = 0o644) { (self.path, self.content, self.mode) = (path, content, mode) }
}
