/// A kernel parameter: `net.ipv4.ip_forward` = `1`.
package struct Sysctl: SettingsItem {
    package static let kind = "sysctl"
    package static let effect = SettingsEffect.live
    package var name: String
    package var value: String

    package init(name: String, value: String) { (self.name, self.value) = (name, value) }
}
