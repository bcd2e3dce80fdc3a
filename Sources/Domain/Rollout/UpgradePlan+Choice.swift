import HostContract

extension UpgradePlan {
    /// Bytes that must stay free beside a second root image: its writable layer, and the services of two systems for a moment.
    package static let reserve: UInt64 = 128 << 20

    /// Compares, and names for each method all that is in its way.
    package init(for situation: UpgradeSituation) {
        self.init(
            candidates: UpgradeMethod.allCases.map { method in
                let limits = [Self.obstaclesOfPolicy, Self.obstaclesOfExperience, Self.obstaclesOfPauses].flatMap { $0(method, situation) }
                return Candidate(
                    method: method, obstacles: Self.obstacles(of: method, situation) + limits, pause: Self.pause(of: method),
                    expected: Self.expectedPause(of: method, situation), savedIn: Self.disk(of: method, situation)?.path,
                    shutdownTime: method == .cold ? situation.shutdownTime : nil,
                    hasWayBack: Self.hasWayBack(by: method, situation))
            }, guests: situation.guests.map(\.name))
    }

    private static func pause(of method: UpgradeMethod) -> GuestPause {
        switch method {
        case .live, .soft: .none
        case .warm, .save: .kernelChange
        case .cold: .restart
        }
    }

    private static func obstacles(of method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        switch method {
        case .live: obstaclesOfLive(situation)
        case .soft: obstaclesOfSoft(situation)
        case .warm, .save: obstaclesOfKernelChange(by: method, situation)
        case .cold: obstaclesOfCold(situation)
        }
    }

    /// Guests must be able to start in the new system.
    private static func obstaclesOfCold(_ situation: UpgradeSituation) -> [UpgradeObstacle] {
        machineTypes(of: situation.guests, unknownTo: situation.target, \.wantedMachineType)
            + (situation.agentMethods.contains(.cold) ? [] : [UpgradeObstacle(.agentCannot)])
    }

    /// Nothing below the configuration may differ.
    private static func obstaclesOfLive(_ situation: UpgradeSituation) -> [UpgradeObstacle] {
        let (running, target) = (situation.running, situation.target)
        var codes: [UpgradeObstacle.Code] = []
        if situation.isRestart { codes.append(.restartAsked) }
        if differ(running.image, target.image) { codes.append(.imageDiffers) }
        if differ(running.kernelArguments, target.kernelArguments) { codes.append(.kernelArgumentsDiffer) }
        return codes.map { UpgradeObstacle($0) }
    }

    /// The kernel stays, so it must be the one that the new root was made for; QEMU and its files stay, so both images must agree on them.
    private static func obstaclesOfSoft(_ situation: UpgradeSituation) -> [UpgradeObstacle] {
        let (running, target) = (situation.running, situation.target)
        var codes: [UpgradeObstacle.Code] = []
        if differ(running.kernel, target.kernel) { codes.append(.kernelDiffers) }
        if differ(running.kernelArguments, target.kernelArguments) { codes.append(.kernelArgumentsDiffer) }
        if differ(running.imageContract, target.imageContract) { codes.append(.imageContractDiffers) }
        if target.root == nil { codes.append(.rootEmbedded) }
        if !fits(situation) { codes.append(.memoryMissing) }
        if !situation.isOperational { codes.append(.notOperational) }
        if !situation.agentMethods.contains(.soft) { codes.append(.agentCannot) }
        let programs = situation.guests.compactMap { guest in guest.program.map { UpgradeObstacle(.guestProgram, guests: [guest.name], detail: $0) } }
        return codes.map { UpgradeObstacle($0) } + programs + unreachableDisks(of: situation)
    }

    /// Nothing is left while storage is in trouble: a cold restart may be what mends it.
    static func unreachableDisks(of situation: UpgradeSituation) -> [UpgradeObstacle] {
        situation.guests.compactMap { guest in guest.unreachable.map { UpgradeObstacle(.diskUnreachable, guests: [guest.name], detail: $0) } }
    }

    private static func fits(_ situation: UpgradeSituation) -> Bool {
        guard let available = situation.memoryAvailable else { return true }
        let isThere = situation.target.root.map(situation.rootsInMemory.contains) ?? false
        let root = isThere ? 0 : UInt64(clamping: situation.target.rootSize ?? 0)
        let (needed, overflows) = root.addingReportingOverflow(reserve)
        return !overflows && available >= needed
    }

    static func differ<Value: Equatable>(_ a: Value?, _ b: Value?) -> Bool { a == nil || a != b }
}
