/// An SSH public key that may log in as root, in OpenSSH's one-line form. Its name is the key itself, without the comment.
package struct AuthorizedKey: SettingsItem {
    package static let kind = "authorized-key"
    package static let effect = SettingsEffect.live
    package var line: String
    package var name: String { line.split(separator: " ").prefix(2).joined(separator: " ") }

    package init(_ line: String) { self.line = line }

    package init(from decoder: any Decoder) throws { line = try decoder.singleValueContainer().decode(String.self) }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(line)
    }
}
