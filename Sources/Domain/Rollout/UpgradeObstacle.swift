/// Why a method does not get a host where it should be.
package struct UpgradeObstacle: Sendable, Hashable {
    package enum Code: String, Codable, Sendable, CaseIterable {
        case imageDiffers = "image-differs"
        case restartAsked = "restart-asked"
        case kernelDiffers = "kernel-differs"
        case kernelArgumentsDiffer = "kernel-arguments-differ"
        case imageContractDiffers = "image-contract-differs"
        /// The image's root is inside its initrd, and cannot be fetched by itself.
        case rootEmbedded = "root-embedded"
        /// How much the new kernel with its initrds takes is not known.
        case kernelSizeUnknown = "kernel-size-unknown"
        case memoryMissing = "memory-missing"
        /// No memory is set aside for guests on the running system.
        case guestMemoryMissing = "guest-memory-missing"
        /// The new kernel would set aside other memory than the running one.
        case guestMemoryMoves = "guest-memory-moves"
        /// The memory that is set aside has too little room for what must be carried over in it.
        case guestMemoryFull = "guest-memory-full"
        /// `save`: no memory is set aside, and nothing on a disk in the host can take its place.
        case localDiskMissing = "local-disk-missing"
        /// `save` by way of a disk: too little room on it.
        case localDiskFull = "local-disk-full"
        /// Guests whose memory would go with the kernel.
        case guestMemoryOrdinary = "guest-memory-ordinary"
        /// A guest with a device or a helper process that no saved state holds.
        case guestFixture = "guest-fixture"
        /// A guest that needs a program of the running system.
        case guestProgram = "guest-program"
        /// A disk of a guest is not reached now: nobody could tell whether the new system reaches it.
        case diskUnreachable = "disk-unreachable"
        /// The new image's QEMU does not take a guest over from the running one's.
        case emulatorRefuses = "emulator-refuses"
        /// The new image's QEMU does not have a guest's machine type.
        case machineTypeUnknown = "machine-type-unknown"
        /// A guest would stand still longer than its document allows.
        case pauseTooLong = "pause-too-long"
        /// The documents allow this host, or a guest on it, other methods only.
        case policyForbids = "policy-forbids"
        /// On hardware of this model a kernel did not start another, and nobody said since that it would.
        case kexecDistrusted = "kexec-distrusted"
        /// Nobody could tell whether the new system is as it should be, so there is no way back.
        case notOperational = "not-operational"
        case agentCannot = "agent-cannot"
        /// Bennu has no such method.
        case notAvailable = "not-available"
    }

    package var code: Code
    /// The guests that stand in the way, by name; empty where the host does.
    package var guests: [String]
    /// What exactly was found: sizes, a device.
    package var detail: String?

    package init(_ code: Code, guests: [String] = [], detail: String? = nil) { (self.code, self.guests, self.detail) = (code, guests, detail) }
}

extension UpgradeObstacle: CustomStringConvertible {
    package var description: String {
        let text = guests.isEmpty ? code.text : "\(code.text): \(guests.joined(separator: ", "))"
        return detail.map { "\(text) (\($0))" } ?? text
    }
}

/// An object with `code`, and `guests` and `detail` where there are any; `message` is for people, and is not read back.
extension UpgradeObstacle: Codable {
    private enum CodingKeys: String, CodingKey { case code, guests, detail, message }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try fields.decode(Code.self, forKey: .code), guests: try fields.decodeIfPresent([String].self, forKey: .guests) ?? [],
            detail: try fields.decodeIfPresent(String.self, forKey: .detail))
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(code, forKey: .code)
        if !guests.isEmpty { try fields.encode(guests, forKey: .guests) }
        try fields.encodeIfPresent(detail, forKey: .detail)
        try fields.encode(description, forKey: .message)
    }
}

extension UpgradeObstacle.Code {
    fileprivate var text: String {
        switch self {
        case .imageDiffers: "the image differs"
        case .restartAsked: "a restart is asked for"
        case .kernelDiffers: "the kernel differs"
        case .kernelArgumentsDiffer: "the kernel arguments differ"
        case .imageContractDiffers: "the image contract differs, so guests could not outlive the change"
        case .rootEmbedded: "the image has its root inside its initrd only"
        case .kernelSizeUnknown: "the size of the new kernel and its initrds is not known"
        case .memoryMissing: "memory for the new system beside the old one is missing"
        case .guestMemoryMissing: "no memory is set aside for guests on the running system"
        case .guestMemoryMoves: "the new kernel would set aside other memory for guests than the running one"
        case .guestMemoryFull: "the memory that is set aside for guests has too little room left"
        case .localDiskMissing: "no memory is set aside for guests, and no storage pool of this host lies in a file system on a disk in it"
        case .localDiskFull: "the disk that guests would be saved on has too little room left"
        case .guestMemoryOrdinary: "the memory of these guests goes with the kernel"
        case .guestFixture: "this guest can be neither kept nor saved"
        case .guestProgram: "this guest needs a program that ends with the running system"
        case .diskUnreachable: "the host does not reach a disk of this guest now"
        case .emulatorRefuses: "the new QEMU does not take these guests over from the old one"
        case .machineTypeUnknown: "the new QEMU does not have the machine type of these guests"
        case .pauseTooLong: "this guest may not pause so long"
        case .policyForbids: "the documents do not allow it"
        case .kexecDistrusted: "starting a kernel from another failed on this hardware model"
        case .notOperational: "the host is not operational now, so nobody could tell whether the new system is"
        case .agentCannot: "the agent that runs there cannot do it"
        case .notAvailable: "Bennu cannot do it"
        }
    }
}
