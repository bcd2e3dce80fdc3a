/// A libvirt storage pool: a directory of the host, or whatever its verbatim XML says.
package struct StoragePool: SettingsItem {
    package static let kind = "storage-pool"
    package static let effect = SettingsEffect.live
    package var name: String
    /// Absolute. Made if it is missing.
    package var path: String?
    /// libvirt's pool XML, used as it is; its `<name>` must be `name`.
    package var xml: String?

    package init(name: String, path: String? = nil, xml: String? = nil) { (self.name, self.path, self.xml) = (name, path, xml) }
}
