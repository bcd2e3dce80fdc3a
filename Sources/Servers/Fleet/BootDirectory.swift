package import AddressPlan
package import BootPolicy
package import FleetModel
package import Primitives

/// What the servers on the boot path ask the fleet. Every answer comes from memory: no call blocks, waits or throws.
package protocol BootDirectory: Sendable {
    /// The subnets in force, and who is offered which loader. The generation grows with every change, so that a reader can keep what it derived.
    var subnets: SubnetTable { get }
    /// Who sent this, and which boot it belongs to. A host that nobody knew is discovered by it.
    func sight(_ sighting: Sighting) -> SightedHost
    /// What the network boot program of this host is to do next.
    func decideBoot(of sighting: Sighting) -> BootDecision
    /// A blob that may leave this server.
    func blob(_ digest: Digest) -> PublishedBlob?
    /// A network boot program by the name that firmware asks for: `undionly.kpxe`, `snponly.efi`, `arm64-uefi/ipxe.efi`.
    func bootFile(_ name: String) -> PublishedBlob?
    /// Whether a boot may fetch its root now, or wait for others.
    func decideDownload(of root: Digest, by boot: BootID, at address: IPv4Address?) -> DownloadDecision
    /// How a download goes that `boot` asked for: with its last blob a host gives its place to another.
    func download(_ step: DownloadStep, of blob: Digest, by boot: BootID, at address: IPv4Address?)
    /// The host of `boot` was let through, and downloads nothing after all.
    func abandonDownload(by boot: BootID)
    /// Adds to the boot timeline. `time` and `sequence` are set by the fleet.
    func record(_ event: BootEvent)
}

package struct SubnetTable: Sendable {
    package var generation: UInt64
    package var subnets: [SubnetPlan]
    package var loaders: LoaderTable
    package init(generation: UInt64, subnets: [SubnetPlan], loaders: LoaderTable = .ipxe) {
        (self.generation, self.subnets, self.loaders) = (generation, subnets, loaders)
    }
}

/// A message from a host in one of the stages of its boot.
package struct Sighting: Sendable, Hashable {
    package enum Stage: String, Sendable, Hashable, Comparable {
        /// The NIC's ROM or UEFI asks for an address: a boot begins.
        case firmware
        /// iPXE asks: from a NIC's ROM it begins a boot, chainloaded by us it goes on with one.
        case loader
        /// iPXE asks over HTTP for its script.
        case script
        /// The initrd or the running system.
        case system

        package static func < (a: Self, b: Self) -> Bool { a.rank < b.rank }
        private var rank: Int {
            switch self {
            case .firmware: 0
            case .loader: 1
            case .script: 2
            case .system: 3
            }
        }
    }
    package var stage: Stage
    package var hardwareAddress: HardwareAddress
    package var uuid: UniversalUniqueIdentifier?
    /// For people: `x86-64 UEFI`, with the vendor class.
    package var firmware: String?
    /// True for the first message of an exchange (DHCPDISCOVER): only that can begin a boot.
    package var isFirstMessage: Bool
    /// Where a request came from; it tells whose share of the network a download takes.
    package var address: IPv4Address?

    package init(
        stage: Stage, hardwareAddress: HardwareAddress, uuid: UniversalUniqueIdentifier?, firmware: String? = nil, isFirstMessage: Bool = false,
        address: IPv4Address? = nil
    ) {
        (self.stage, self.hardwareAddress, self.uuid) = (stage, hardwareAddress, uuid)
        (self.firmware, self.isFirstMessage, self.address) = (firmware, isFirstMessage, address)
    }
}

package struct SightedHost: Sendable, Hashable {
    /// `nil` for a stranger that is booting nothing: a guest or a laptop that asks for an address.
    package var host: HostID?
    /// `nil` when no boot of it is under way: a running system that renews its lease.
    package var boot: BootID?
    /// The Host document's name; `nil` while it is only discovered.
    package var name: String?
    package init(host: HostID?, boot: BootID?, name: String?) { (self.host, self.boot, self.name) = (host, boot, name) }
}

/// What a host's iPXE is told.
package enum BootDecision: Sendable, Hashable {
    case boot(BootPlan)
    /// Shown on the host's own screen, then it asks again.
    case wait(WaitReason, message: String)
    /// Others download; it asks again after so many seconds.
    case queue(QueuePlace, seconds: Int)

    package enum WaitReason: String, Sendable, Hashable, CaseIterable {
        case notAccepted = "host-not-accepted"
        case noImageAssigned = "no-image-assigned"
        case imageMissing = "image-missing"
        case imageIncomplete = "image-incomplete"
    }
}

/// What comes of a host's request for its root.
package enum DownloadDecision: Sendable, Hashable {
    case go
    case queue(QueuePlace, seconds: Int)
}

package enum DownloadStep: Sendable, Hashable {
    case began, progressed
    case ended(isComplete: Bool)
}

/// Everything that an iPXE script names.
package struct BootPlan: Sendable, Hashable {
    package var host: HostID
    package var boot: BootID
    package var name: String
    package var imageReference: String
    package var image: Digest
    package var kernel: Digest
    /// Unpacked in this order: microcode and the image's own initrd, then the site's seal.
    package var initrds: [Digest]
    /// Fetched by the initrd; `nil` when it is embedded.
    package var root: Digest?
    /// Beyond `bennu.…` and `BOOTIF`, which the script adds.
    package var arguments: [String]

    package init(
        host: HostID, boot: BootID, name: String, imageReference: String, image: Digest, kernel: Digest, initrds: [Digest], root: Digest?,
        arguments: [String]
    ) {
        (self.host, self.boot, self.name, self.imageReference) = (host, boot, name, imageReference)
        (self.image, self.kernel, self.initrds, self.root, self.arguments) = (image, kernel, initrds, root, arguments)
    }
}

/// A file that a boot server may send.
package struct PublishedBlob: Sendable, Hashable {
    package var digest: Digest
    package var path: String
    package var size: Int64
    /// What it is in the timeline: `kernel`, `initrd`, `root`, `seal`, `undionly.kpxe`.
    package var role: String
    package init(digest: Digest, path: String, size: Int64, role: String) {
        (self.digest, self.path, self.size, self.role) = (digest, path, size, role)
    }
}
