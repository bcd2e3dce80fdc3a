import Documents
package import FleetModel
import GuestXML
import HashTreeCollections
import HostContract
import Primitives
package import Rollout

extension FleetState {
    /// What a host runs against what it should run, and what its documents and the fleet's experience say to that.
    package func situation(
        of boot: BootRecord, on record: HostRecord, target: CatalogImage, arguments: [String], isRestart: Bool
    ) -> UpgradeSituation {
        let running = boot.image.flatMap { images[$0] }
        let system = boot.status?.system
        let model = models[HardwareModel(of: record.inventory)]
        return UpgradeSituation(
            running: .init(
                image: boot.image, root: system?.root ?? running?.root?.digest, rootSize: running?.root?.size, kernel: kernel(of: boot),
                kernelAndInitrdSize: running.flatMap { kernelAndInitrdSize(of: $0, running: kernel(of: boot)) },
                kernelArguments: boot.kernelArguments, imageContract: running?.imageContract, emulator: running?.emulator,
                machineTypes: running?.machineTypes),
            target: .init(
                image: target.digest, root: target.root?.digest, rootSize: target.root?.size, kernel: target.kernel.digest,
                kernelAndInitrdSize: kernelAndInitrdSize(of: target, running: target.kernel.digest), kernelArguments: arguments,
                imageContract: target.imageContract, emulator: target.emulator, machineTypes: target.machineTypes),
            isRestart: isRestart, isOperational: boot.phase == .operational, agentMethods: system?.methods ?? [],
            memoryAvailable: system?.memoryAvailable, rootsInMemory: Set(system?.roots.map(\.root) ?? []), guestMemory: system?.guestMemory,
            localFileSystems: system?.localFileSystems, guests: guests(of: boot, on: record), forbidden: forbiddenMethods(on: record),
            kexecFailure: model?.kexecFailure.map { failure in
                "\(model?.model.description ?? ""): on host \(failure.host), \(failure.reason); bennu upgrade trust \(record.document ?? record.id.description)"
            },
            measuredPauses: Dictionary(
                uniqueKeysWithValues: UpgradeMethod.allCases.compactMap { method in
                    guard let last = model?[pauseBy: method], method != .save || last.onDisk ?? false == (system?.guestMemory == nil) else {
                        return nil
                    }
                    return (method, .init(milliseconds: last.milliseconds, savedBytes: last.savedBytes, host: last.host))
                }))
    }

    /// Bytes; `nil` when the kernel is another than the image's.
    private func kernelAndInitrdSize(of image: CatalogImage, running kernel: Digest?) -> Int64? {
        kernel == image.kernel.digest ? initrds(of: image).reduce(image.kernel.size) { $0 + $1.size } : nil
    }

    /// Guests that are there: a paused one has as much to lose as one that runs.
    func guests(of boot: BootRecord, on record: HostRecord) -> [UpgradeSituation.Guest] {
        let specs = record.document.map { documents.guests(onHost: $0) } ?? []
        let known = Dictionary(specs.map { ($0.guest.name, $0) }, uniquingKeysWith: { first, _ in first })
        return (boot.status?.guests ?? []).filter { !["shut off", "crashed"].contains($0.state) }.sorted { $0.name < $1.name }.map {
            let spec = known[$0.name]
            return UpgradeSituation.Guest(
                name: $0.name, memory: $0.memory, memoryBytes: $0.memoryBytes, fixture: $0.fixture, program: $0.program, machineType: $0.machineType,
                wantedMachineType: spec?.guest.xml.flatMap { VerbatimXML($0)?.machineType }, emulator: $0.root.flatMap { emulator(ofRoot: $0) },
                maximumPause: spec?.maximumPause,
                forbidden: spec.flatMap { spec in spec.upgrade?.forbidden(by: DocumentKey(kind: .guest, name: spec.guest.name)) } ?? [:],
                unreachable: $0.unreachable, shutdownTimeout: spec?.guest.shutdownTimeout, shutdownOrder: spec?.guest.shutdownOrder)
        }
    }

    /// The version of the QEMU in a root image; `nil` when no image here has that root.
    private func emulator(ofRoot root: Digest) -> String? { images.values.first { $0.root?.digest == root }?.emulator }

    private func forbiddenMethods(on record: HostRecord) -> [UpgradeMethod: String] {
        guard let name = record.document, let (policy, document) = documents.upgradePolicy(forHost: name) else { return [:] }
        return policy.forbidden(by: document)
    }
}
