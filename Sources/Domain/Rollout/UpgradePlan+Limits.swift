import HostContract

/// What a method may not do, though it could: by the operator's policy, by the limits of guests, by what was learned.
extension UpgradePlan {
    /// `nil` for methods during which guests go on, or restart.
    static func expectedPause(of method: UpgradeMethod, _ situation: UpgradeSituation) -> ExpectedPause? {
        guard method.changesKernel, !situation.guests.isEmpty else { return nil }
        let saved = method == .save ? situation.ordinaryBytes : 0
        let gibibyte = isOnDisk(method, situation) ? ExpectedPause.savedGibibyteOnDisk : ExpectedPause.savedGibibyte
        guard let last = situation.measuredPauses[method] else { return .guess(saved: saved, gibibyte: gibibyte) }
        return .measured(milliseconds: last.milliseconds, measuredBytes: last.savedBytes, saved: saved, gibibyte: gibibyte, on: last.host)
    }

    static func obstaclesOfPolicy(to method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        let ofHost = situation.forbidden[method].map { [UpgradeObstacle(.policyForbids, detail: $0)] } ?? []
        return ofHost
            + situation.guests.compactMap { guest in
                guest.forbidden[method].map { UpgradeObstacle(.policyForbids, guests: [guest.name], detail: $0) }
            }
    }

    static func obstaclesOfExperience(with method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        guard method.changesKernel, let failure = situation.kexecFailure else { return [] }
        return [UpgradeObstacle(.kexecDistrusted, detail: failure)]
    }

    /// Guests that would wait longer than they may.
    static func obstaclesOfPauses(in method: UpgradeMethod, _ situation: UpgradeSituation) -> [UpgradeObstacle] {
        let limited = situation.guests.compactMap { guest in guest.maximumPause.map { (guest.name, $0) } }
        switch method {
        case .live, .soft: return []
        case .cold:
            return limited.map { name, limit in
                UpgradeObstacle(.pauseTooLong, guests: [name], detail: "at most \(PauseText.of(milliseconds: limit)); a restart is within no limit")
            }
        case .warm, .save:
            guard let expected = expectedPause(of: method, situation) else { return [] }
            return limited.filter { expected.milliseconds > $0.1 }.map { name, limit in
                UpgradeObstacle(
                    .pauseTooLong, guests: [name], detail: "at most \(PauseText.of(milliseconds: limit)); expected are \(expected)")
            }
        }
    }
}

extension UpgradeSituation {
    /// Seconds until the last guest has shut down, or is ended: those of one order have their time together. `nil` without a guest.
    var shutdownTime: Int? {
        let orders = Dictionary(grouping: guests, by: \.shutdownOrder).values.compactMap { $0.map(\.shutdownTimeout).max() }
        return orders.isEmpty ? nil : orders.reduce(0, +)
    }

    /// Bytes of guest memory that would go with the kernel.
    var ordinaryBytes: UInt64 {
        guests.filter { $0.memory != .kept }.reduce(0) { total, guest in
            let (sum, overflows) = total.addingReportingOverflow(guest.memoryBytes ?? 0)
            return overflows ? .max : sum
        }
    }
}
