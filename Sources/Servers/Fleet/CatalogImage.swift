import FleetModel
package import Primitives

/// A boot image as the boot path needs it: which blobs a host fetches, in which order.
package struct CatalogImage: Sendable, Hashable {
    package var digest: Digest
    package var kernel: PublishedBlob
    /// In the order in which the kernel unpacks them.
    package var initrds: [PublishedBlob]
    /// `nil` when the initrd holds it.
    package var root: PublishedBlob?
    /// Network boot programs by file name.
    package var bootFiles: [String: PublishedBlob]
    package var kernelVersion: String
    package var packageCount: Int
    /// What two images must share for a guest to outlive its hypervisor.
    package var imageContract: Int
    /// The version of its QEMU, as Debian writes it.
    package var emulator: String?
    /// Machine types that its QEMU has; `nil` when the image does not say.
    package var machineTypes: Set<String>?

    package init(
        digest: Digest, kernel: PublishedBlob, initrds: [PublishedBlob], root: PublishedBlob?, bootFiles: [String: PublishedBlob],
        kernelVersion: String, packageCount: Int, imageContract: Int = BootImageDescription.currentContract,
        emulator: String? = nil, machineTypes: Set<String>? = nil
    ) {
        (self.digest, self.kernel, self.initrds, self.root) = (digest, kernel, initrds, root)
        (self.bootFiles, self.kernelVersion, self.packageCount) = (bootFiles, kernelVersion, packageCount)
        (self.imageContract, self.emulator, self.machineTypes) = (imageContract, emulator, machineTypes)
    }

    package var blobs: [PublishedBlob] { [kernel] + initrds + (root.map { [$0] } ?? []) }
    package var downloadSize: Int64 { blobs.reduce(0) { $0 + $1.size } }
}
