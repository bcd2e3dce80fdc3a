/// A libvirt network that attaches guests to a bridge of the host, or whatever its verbatim XML says.
package struct GuestNetwork: SettingsItem {
    package static let kind = "network"
    package static let effect = SettingsEffect.live
    package var name: String
    package var bridge: String?
    /// libvirt's network XML, used as it is; its `<name>` must be `name`.
    package var xml: String?

    package init(name: String, bridge: String? = nil, xml: String? = nil) { (self.name, self.bridge, self.xml) = (name, bridge, xml) }
}
