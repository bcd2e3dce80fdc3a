import HostContract

/// What `warm` and `save` need: the running kernel starts the next one, and the memory set aside carries root image and guests over to it. Where none
/// is, `save` writes guests to a disk in the host, and the new root goes with the kernel's initrds.
extension UpgradePlan {
    /// Bytes of ordinary memory that must stay free beside the new kernel and its initrds, which are loaded while everything runs.
    package static let kernelReserve: UInt64 = 96 << 20

    static func obstaclesOfKernelChange(by method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        let (running, target) = (situation.running, situation.target)
        var obstacles: [UpgradeObstacle] = []
        if differ(running.imageContract, target.imageContract) { obstacles.append(UpgradeObstacle(.imageContractDiffers)) }
        if target.root == nil { obstacles.append(UpgradeObstacle(.rootEmbedded)) }
        obstacles += room(for: target, by: method, situation)
        obstacles += regionMoves(by: method, situation)
        obstacles += isOnDisk(method, situation) ? disk(for: method, situation) : region(for: method, situation)
        for guest in situation.guests {
            if let fixture = guest.fixture { obstacles.append(UpgradeObstacle(.guestFixture, guests: [guest.name], detail: fixture)) }
        }
        obstacles += unreachableDisks(of: situation)
        obstacles += takeover(of: situation.guests, from: running, by: target)
        if !situation.isOperational { obstacles.append(UpgradeObstacle(.notOperational)) }
        if !situation.agentMethods.contains(method) { obstacles.append(UpgradeObstacle(.agentCannot)) }
        return obstacles
    }

    /// What keeps a QEMU from going on with guests that stood in another: also for one guest by itself.
    package static func takeover(
        of guests: [UpgradeSituation.Guest], from running: UpgradeSituation.System, by target: UpgradeSituation.System
    ) -> [UpgradeObstacle] {
        let faults = Dictionary(grouping: guests) { guest -> String? in
            guard let old = guest.emulator ?? running.emulator, let new = target.emulator else { return nil }
            return EmulatorFault.between(old, new)?.text
        }
        let refusals = faults.compactMap { fault, guests in fault.map { UpgradeObstacle(.emulatorRefuses, guests: guests.map(\.name), detail: $0) } }
        return refusals.sorted { $0.description < $1.description } + machineTypes(of: guests, unknownTo: target, \.machineType)
    }

    /// - Parameter type: of a guest; `nil` for what is not known, and stands in nobody's way.
    static func machineTypes(
        of guests: [UpgradeSituation.Guest], unknownTo target: UpgradeSituation.System, _ type: (UpgradeSituation.Guest) -> String?
    ) -> [UpgradeObstacle] {
        guard let known = target.machineTypes else { return [] }
        let unknown = Dictionary(grouping: guests) { type($0).flatMap { known.contains($0) ? nil : $0 } }
        return unknown.compactMap { type, guests in type.map { UpgradeObstacle(.machineTypeUnknown, guests: guests.map(\.name), detail: $0) } }
            .sorted { $0.description < $1.description }
    }

    /// Ordinary memory for the kernel that is loaded.
    private static func room(
        for target: UpgradeSituation.System, by method: UpgradeMethod, _ situation: UpgradeSituation
    ) -> [UpgradeObstacle] {
        guard let size = target.kernelAndInitrdSize else { return [UpgradeObstacle(.kernelSizeUnknown)] }
        guard let available = situation.memoryAvailable else { return [] }
        // The kernel reads what it is given before it puts it where the next one finds it.
        let root = isOnDisk(method, situation) ? UInt64(clamping: target.rootSize ?? 0) : 0
        let needed = sum([UInt64(clamping: size), kernelReserve, root, root])
        return available >= needed ? [] : [UpgradeObstacle(.memoryMissing, detail: "\(mebibytes(needed)) are needed, \(mebibytes(available)) free")]
    }

    /// The memory that is set aside: the same before and after, also where there is none. A new region would be seen where a disk's luggage is.
    private static func regionMoves(by method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        guard situation.guestMemory != nil || isOnDisk(method, situation) else { return [] }
        let places = [situation.running, situation.target].map { $0.kernelArguments.map(GuestMemoryRegion.arguments(among:)) }
        guard differ(places[0], places[1]) else { return [] }
        let texts = places.map { $0.map { $0.isEmpty ? "none" : $0.joined(separator: " ") } ?? "unknown" }
        return [UpgradeObstacle(.guestMemoryMoves, detail: "\(texts[0]) → \(texts[1])")]
    }

    /// Room in the memory that is set aside, for the new root and for guests that are saved there.
    private static func region(for method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        guard let region = situation.guestMemory else { return [UpgradeObstacle(.guestMemoryMissing)] }
        var obstacles: [UpgradeObstacle] = []
        let ordinary = ordinaryGuests(of: situation).map(\.name)
        let leaving = method == .save ? ordinary : []
        if method != .save, !ordinary.isEmpty { obstacles.append(UpgradeObstacle(.guestMemoryOrdinary, guests: ordinary)) }
        let needed = luggage(of: method, situation)
        let free = region.freeForSystems ?? region.free
        if needed > free {
            let size = needed == .max ? "more than is known" : mebibytes(needed)
            obstacles.append(
                UpgradeObstacle(
                    .guestMemoryFull, guests: leaving,
                    detail: "\(size) needed for the root image\(leaving.isEmpty ? "" : " and these guests"), \(mebibytes(free)) free"))
        }
        return obstacles
    }

    /// True where guests are written to a disk in the host, for want of memory that is set aside.
    static func isOnDisk(_ method: UpgradeMethod, _ situation: UpgradeSituation) -> Bool {
        method == .save && situation.guestMemory == nil && situation.localFileSystems != nil
    }

    /// The file system that takes them; agents choose by the same rule.
    static func disk(of method: UpgradeMethod, _ situation: UpgradeSituation) -> LocalFileSystem? {
        isOnDisk(method, situation) ? situation.localFileSystems?.max { $0.free < $1.free } : nil
    }

    /// A file system, and room in it for guests and for what the agent makes there of root and initrds before the kernel takes them.
    private static func disk(for method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        guard let disk = disk(of: method, situation) else { return [UpgradeObstacle(.localDiskMissing)] }
        let root = UInt64(clamping: situation.target.rootSize ?? 0)
        let needed = sum([
            luggage(of: method, situation), root, UInt64(clamping: situation.target.kernelAndInitrdSize ?? 0), LocalFileSystem.reserve,
        ])
        guard needed > disk.free else { return [] }
        let guests = ordinaryGuests(of: situation).map(\.name)
        let size = needed == .max ? "more than is known" : mebibytes(needed)
        return [
            UpgradeObstacle(
                .localDiskFull, guests: guests,
                detail: "\(size) needed in \(disk.path) for the new system\(guests.isEmpty ? "" : " and these guests"), \(mebibytes(disk.free)) free")
        ]
    }

    /// Bytes of region or disk that a change of the kernel takes: the new root, and guests that are saved there.
    private static func luggage(of method: UpgradeMethod, _ situation: UpgradeSituation) -> UInt64 {
        // A guest of unknown size fits nowhere.
        let saved = method == .save ? ordinaryGuests(of: situation).map { $0.memoryBytes ?? .max } : []
        return sum([UInt64(clamping: situation.target.rootSize ?? 0)] + saved)
    }

    private static func ordinaryGuests(of situation: UpgradeSituation) -> [UpgradeSituation.Guest] { situation.guests.filter { $0.memory != .kept } }

    /// True when the running system fits the region too: root, kernel and initrds. One that is started anew as it is could not go back to anything else.
    static func hasWayBack(by method: UpgradeMethod, _ situation: UpgradeSituation) -> Bool {
        let running = situation.running
        guard method.changesKernel, let region = situation.guestMemory, let root = running.root, root != situation.target.root,
            running.kernelArguments != nil, let rootSize = running.rootSize, let kernelSize = running.kernelAndInitrdSize
        else { return false }
        return sum([luggage(of: method, situation), UInt64(clamping: rootSize), UInt64(clamping: kernelSize), wayBackReserve]) <= region
            .freeForSystems ?? region.free
    }

    /// Bytes that stay free beside both systems, for guests' device states and what the file system needs.
    private static let wayBackReserve: UInt64 = 16 << 20

    /// As much as a number can say.
    private static func sum(_ sizes: [UInt64]) -> UInt64 {
        sizes.reduce(0) { total, size in
            let (result, overflows) = total.addingReportingOverflow(size)
            return overflows ? .max : result
        }
    }

    private static func mebibytes(_ bytes: UInt64) -> String { "\(bytes >> 20) MiB" }
}
