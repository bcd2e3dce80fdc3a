package import Primitives

/// A virtual machine. It runs only on the host whose placement is current.
package struct Guest: SettingsItem {
    package static let kind = "guest"
    package static let effect = SettingsEffect.live
    package var name: String
    package var uuid: UniversalUniqueIdentifier
    package var memoryMiB: Int
    package var vcpus: Int
    package var disks: [Disk]
    package var interfaces: [Interface]
    /// libvirt's domain XML, used instead of the fields above but for name and UUID, which are set in it.
    package var xml: String?
    /// Seconds that it has to shut down before it is ended; `nil` where the document does not say.
    package var shutdownTimeout: Int?
    /// Before a cold restart guests of the lowest order are asked to shut down first; `nil` counts as 0.
    package var shutdownOrder: Int?
    /// The grant to run here.
    package var placement: Placement

    /// Seconds, before a cold restart, for guests that say nothing else.
    package static let usualShutdownTimeout = 30

    package struct Disk: Codable, Sendable, Hashable {
        /// An absolute path on the host, or a block device.
        package var source: String
        package var format: String
        /// What the disk is filled from when the file is missing, by size or by content; `nil` means that it must exist.
        package var sizeMiB: Int?
        /// Content for a disk that is made anew, base64: a boot sector, a seed. At most 1 MiB.
        package var content: String?
        package init(source: String, format: String = "raw", sizeMiB: Int? = nil, content: String? = nil) {
            (self.source, self.format, self.sizeMiB, self.content) = (source, format, sizeMiB, content)
        }
    }

    package struct Interface: Codable, Sendable, Hashable {
        /// A libvirt network by name, or else a bridge.
        package var network: String?
        package var bridge: String?
        package var hardwareAddress: HardwareAddress?
        package init(network: String? = nil, bridge: String? = nil, hardwareAddress: HardwareAddress? = nil) {
            (self.network, self.bridge, self.hardwareAddress) = (network, bridge, hardwareAddress)
        }
    }

    /// A guest's right to run on one host. A higher generation ends every lower one.
    package struct Placement: Codable, Sendable, Hashable {
        /// The opaque host id.
        package var host: String
        package var generation: UInt64
        package init(host: String, generation: UInt64) { (self.host, self.generation) = (host, generation) }
    }

    package init(
        name: String, uuid: UniversalUniqueIdentifier, memoryMiB: Int, vcpus: Int, disks: [Disk] = [], interfaces: [Interface] = [],
        xml: String? = nil, shutdownTimeout: Int? = nil, shutdownOrder: Int? = nil, placement: Placement
    ) {
        (self.name, self.uuid, self.memoryMiB, self.vcpus) = (name, uuid, memoryMiB, vcpus)
        (self.disks, self.interfaces, self.xml, self.placement) = (disks, interfaces, xml, placement)
        (self.shutdownTimeout, self.shutdownOrder) = (shutdownTimeout, shutdownOrder)
    }
}
