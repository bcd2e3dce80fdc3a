package import Primitives

/// How a host gets from what it runs to what it should run, from the cheapest to the hardest for its guests.
package enum UpgradeMethod: String, Codable, Sendable, CaseIterable, Comparable {
    /// Only the configuration differs: it is brought in force while everything runs.
    case live
    /// A new root under the running kernel and guests (systemd's soft-reboot).
    case soft
    /// A new kernel, guest memory stays in place.
    case warm
    /// A new kernel, guests are written out and read back.
    case save
    /// Guests are shut down, the host is reset.
    case cold

    /// True when another kernel is started by the running one.
    package var changesKernel: Bool { self == .warm || self == .save }

    package static func < (a: Self, b: Self) -> Bool { (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0) }
}

/// A boot image as its host has to know it: what to fetch, and what it must agree with.
package struct AssignedImage: Codable, Sendable, Hashable {
    /// Of the manifest.
    package var image: Digest
    /// The root file system; `nil` when the image has it inside its initrd only.
    package var root: Root?
    package var kernel: Digest
    /// Bytes.
    package var kernelSize: Int64?
    /// In the order in which the kernel unpacks them, the site's seal last: what a host needs to start this image's kernel by itself.
    package var initrds: [Root]?
    /// What `uname -r` prints under this kernel.
    package var kernelRelease: String
    package var kernelArguments: [String]
    /// Where blobs are fetched: `http://10.77.0.1:8080`; `nil` for the server that this boot was fetched from.
    package var blobs: String?

    package struct Root: Codable, Sendable, Hashable {
        package var digest: Digest
        /// Bytes.
        package var size: Int64
        package init(digest: Digest, size: Int64) { (self.digest, self.size) = (digest, size) }
    }

    package init(
        image: Digest, root: Root?, kernel: Digest, kernelSize: Int64? = nil, initrds: [Root]? = nil, kernelRelease: String,
        kernelArguments: [String], blobs: String? = nil
    ) {
        (self.image, self.root, self.kernel, self.kernelSize, self.initrds) = (image, root, kernel, kernelSize, initrds)
        (self.kernelRelease, self.kernelArguments, self.blobs) = (kernelRelease, kernelArguments, blobs)
    }
}

/// What an operator told a host to do about the system it runs; part of the signed configuration.
package struct UpgradeOrder: Codable, Sendable, Hashable {
    package var id: String
    package var method: UpgradeMethod
    package var image: AssignedImage
    /// Seconds that the new system has to become operational, before the host goes back to the old one.
    package var deadline: Int
    /// What the host runs now, where it is to take that along over a change of the kernel, as its way back.
    package var former: AssignedImage?

    package init(id: String, method: UpgradeMethod, image: AssignedImage, deadline: Int, former: AssignedImage? = nil) {
        (self.id, self.method, self.image, self.deadline, self.former) = (id, method, image, deadline, former)
    }
}
