package import HostContract

/// What an upgrade did to each guest, by what the host showed before and after.
package struct UpgradeOutcome: Codable, Sendable, Hashable, CustomStringConvertible {
    package enum Effect: String, Codable, Sendable {
        /// The same process: it was never stopped.
        case uninterrupted
        /// It stood still while the kernel changed, and went on where it was.
        case paused
        case restarted
        /// It ran before, and does not now.
        case gone
    }
    package struct GuestOutcome: Codable, Sendable, Hashable {
        package var guest: String
        package var effect: Effect
        /// Milliseconds that it stood still, where it was paused.
        package var pause: Int?
        package init(guest: String, effect: Effect, pause: Int? = nil) { (self.guest, self.effect, self.pause) = (guest, effect, pause) }
    }
    package var guests: [GuestOutcome]

    /// - Parameter method: of the order; only what changes the kernel can pause a guest.
    package init(before: [GuestStatus], after: [GuestStatus], method: UpgradeMethod) {
        let now = Dictionary(after.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guests = before.filter { $0.state == "running" }.sorted { $0.name < $1.name }.map { old in
            guard let new = now[old.name], new.state == "running" else { return GuestOutcome(guest: old.name, effect: .gone) }
            if method.changesKernel, let pause = new.pause { return GuestOutcome(guest: old.name, effect: .paused, pause: pause) }
            let isSame = old.processID != nil && old.processID == new.processID && old.processStart != nil && old.processStart == new.processStart
            // A process id and start of another kernel tell nothing.
            return GuestOutcome(guest: old.name, effect: isSame && !method.changesKernel ? .uninterrupted : .restarted)
        }
    }

    package var description: String {
        guard !guests.isEmpty else { return "no guest was running" }
        return guests.map { guest in
            "\(guest.guest) \(guest.effect.rawValue)" + (guest.pause.map { " for \(PauseText.of(milliseconds: $0))" } ?? "")
        }.joined(separator: ", ")
    }
}

/// Pauses as people read them.
package enum PauseText {
    /// `0 s`, `40 ms`, `1.2 s`, `45 s`, `2 min 5 s`.
    package static func of(milliseconds: Int) -> String {
        let amount = max(0, milliseconds)
        switch amount {
        case 0: return "0 s"
        case ..<1000: return "\(amount) ms"
        case ..<10_000: return "\(amount / 1000).\(amount % 1000 / 100) s"
        case ..<120_000: return "\(amount / 1000) s"
        default: return "\(amount / 60_000) min" + (amount % 60_000 / 1000 == 0 ? "" : " \(amount % 60_000 / 1000) s")
        }
    }
}
