import Crypto
import Glibc
import HostContract
package import Primitives
package import TPMWire

/// Before a host goes over to another image without a cold start, a register of its TPM takes the image's digest in: what attests the host later cannot
/// name the image before as the one that runs. The register begins with zeros at a cold start and only grows from there; see
/// Documentation/Decisions/0016-successors-are-measured.md.
package struct SuccessorMeasurement {
    /// Systemd would measure the machine's identity into it (systemd-pcrmachine), which images of ours leave out; no loader, shim or kernel touches it.
    package static let register: UInt8 = 15
    /// The kernel's resource manager: nobody else's sessions are in the way.
    static let device = "/dev/tpmrm0"
    private static let banks = "/sys/class/tpm/tpm0"
    /// Among the kernel arguments: an order is given up where its image cannot be measured.
    static let requirement = "bennu.measure=require"

    let root: HostRoot
    package init(root: HostRoot) { self.root = root }

    package var hasTPM: Bool { root.exists(Self.device) }
    package var isRequired: Bool { root.kernelArguments.contains(Substring(Self.requirement)) }

    /// - Returns: what the timeline is to say.
    func extend(with image: Primitives.Digest) throws(HostFailure) -> String {
        let digests = Self.digests(of: image, banks: root.list(Self.banks))
        guard !digests.isEmpty else { throw HostFailure(.missing, "the TPM has no bank of registers with a hash that is known here") }
        let answer = try exchange(PCRExtend(register: Self.register, digests: digests).bytes)
        let response: TPMResponse
        do { response = try TPMResponse(answer) } catch { throw HostFailure(.unreadable, "the TPM's answer: \(error)") }
        guard response.isSuccess else { throw HostFailure(.notEffective, "the TPM refused, code 0x" + String(response.code, radix: 16)) }
        let value = root.line("\(Self.banks)/pcr-sha256/\(Self.register)").map { ", now \($0.lowercased())" } ?? ""
        return "PCR \(Self.register) extended with \(image)\(value)"
    }

    /// Every bank that the TPM keeps: one that is left out would still name the image before. SHA-256's takes the image's digest itself, the
    /// others their own hash of its 32 bytes.
    /// - Parameter names: as the kernel lists them, `pcr-sha256` and so on.
    package static func digests(of image: Primitives.Digest, banks names: [String]) -> [PCRExtend.BankDigest] {
        let bytes = Hexadecimal.decode(image.hexadecimal.utf8) ?? []
        return names.compactMap { name in
            switch name {
            case "pcr-sha1": .init(.sha1, Array(Insecure.SHA1.hash(data: bytes)))
            case "pcr-sha256": .init(.sha256, bytes)
            case "pcr-sha384": .init(.sha384, Array(SHA384.hash(data: bytes)))
            case "pcr-sha512": .init(.sha512, Array(SHA512.hash(data: bytes)))
            default: nil
            }
        }
    }

    /// One command and its answer: the device takes and gives each as a whole.
    private func exchange(_ command: [UInt8]) throws(HostFailure) -> [UInt8] {
        let file = open(root.path(Self.device), O_RDWR | O_CLOEXEC)
        guard file >= 0 else { throw HostRoot.failure(.missing, "cannot open \(Self.device)", errno) }
        defer { close(file) }
        guard write(file, command, command.count) == command.count else {
            throw HostRoot.failure(.unwritable, "cannot write to \(Self.device)", errno)
        }
        var answer = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &answer, answer.count)
        guard count >= 0 else { throw HostRoot.failure(.unreadable, "cannot read from \(Self.device)", errno) }
        return Array(answer.prefix(count))
    }
}

extension AgentSession {
    /// - Throws: where it is required, and cannot be done; else that is only told.
    func measure(_ order: UpgradeOrder) async throws(HostFailure) {
        let measurement = SuccessorMeasurement(root: agent.root)
        guard measurement.hasTPM || measurement.isRequired else { return }
        do throws(HostFailure) {
            let detail = try await worker.blocking { () throws(HostFailure) in try measurement.extend(with: order.image.image) }
            await state.add(.init(name: "successor-measured", detail: detail))
        } catch {
            agent.log(.warning, "cannot measure the next image", ["reason": error.description])
            await state.add(.init(name: "successor-not-measured", detail: error.description))
            guard measurement.isRequired else { return }
            throw HostFailure(.notEffective, "\(SuccessorMeasurement.requirement), and the image could not be measured: \(error)")
        }
    }
}
