package import Primitives

/// What a boot image is made of: the manifest's config blob. It names no host and no time but that of its inputs.
package struct BootImageDescription: Hashable, Sendable, Codable {
    /// Version of what two images must share at run time for a guest to outlive its hypervisor (Documentation/ImageContract.md).
    package var imageContract: Int
    /// Debian's word: `amd64`.
    package var architecture: String
    package var kernel: Kernel
    /// The digest that the initrd accepts as root.
    package var rootDigest: Digest
    /// Whether the initrd has the root inside.
    package var embedsRoot: Bool
    /// Every Debian package of root, kernel, firmware and boot files, sorted by name.
    package var packages: [Package]
    /// Machine types that its QEMU has, aliases too, sorted; `nil` in images that were built before they were written down.
    package var machineTypes: [String]?
    package var inputs: Inputs

    package init(
        imageContract: Int, architecture: String, kernel: Kernel, rootDigest: Digest, embedsRoot: Bool, packages: [Package],
        machineTypes: [String]? = nil, inputs: Inputs
    ) {
        self.imageContract = imageContract
        self.architecture = architecture
        self.kernel = kernel
        self.rootDigest = rootDigest
        self.embedsRoot = embedsRoot
        self.packages = packages
        self.machineTypes = machineTypes
        self.inputs = inputs
    }

    /// The contract that this source writes.
    package static let currentContract = 5

    package struct Kernel: Hashable, Sendable, Codable {
        /// What `uname -r` prints: `6.12.107+deb13-cloud-amd64`.
        package var release: String
        package var flavor: BootImageKernelFlavor

        package init(release: String, flavor: BootImageKernelFlavor) {
            self.release = release
            self.flavor = flavor
        }
    }

    package struct Package: Hashable, Sendable, Codable {
        package var name: String
        package var version: String
        package var architecture: String

        package init(name: String, version: String, architecture: String) {
            self.name = name
            self.version = version
            self.architecture = architecture
        }
    }

    /// What went in beside the packages: the same inputs give the same image.
    package struct Inputs: Hashable, Sendable, Codable {
        package var suite: String
        /// Seconds since 1970: the time stamp of every file in the image.
        package var sourceDateEpoch: Int64
        /// Digest of the lock's package list.
        package var lock: Digest
        package var agent: Digest?
        package var overlay: Digest?
        /// Packages asked for by name beyond the standard set.
        package var extraPackages: [String]
        /// Version of each program of the build machine whose output is in the image.
        package var tools: [String: String]

        package init(
            suite: String, sourceDateEpoch: Int64, lock: Digest, agent: Digest?, overlay: Digest?, extraPackages: [String],
            tools: [String: String]
        ) {
            self.suite = suite
            self.sourceDateEpoch = sourceDateEpoch
            self.lock = lock
            self.agent = agent
            self.overlay = overlay
            self.extraPackages = extraPackages
            self.tools = tools
        }
    }
}

/// Which of Debian's kernels an image has.
package enum BootImageKernelFlavor: String, Hashable, Sendable, Codable, CaseIterable {
    /// Drivers and firmware of physical servers.
    case generic
    /// Smaller, for virtual hosts only: KVM, but neither the usual server network cards nor IPMI.
    case cloud
}
