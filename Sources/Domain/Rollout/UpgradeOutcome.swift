package import HostContract

/// What an upgrade did to each guest, by what the host showed before and after.
package struct UpgradeOutcome: Codable, Sendable, Hashable, CustomStringConvertible {
    package enum Effect: String, Codable, Sendable {
        /// The same process: it was never stopped.
        case uninterrupted
        case restarted
        /// It ran before, and does not now.
        case gone
    }
    package struct GuestOutcome: Codable, Sendable, Hashable {
        package var guest: String
        package var effect: Effect
        package init(guest: String, effect: Effect) { (self.guest, self.effect) = (guest, effect) }
    }
    package var guests: [GuestOutcome]

    package init(before: [GuestStatus], after: [GuestStatus]) {
        let now = Dictionary(after.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        guests = before.filter { $0.state == "running" }.sorted { $0.name < $1.name }.map { old in
            guard let new = now[old.name], new.state == "running" else { return GuestOutcome(guest: old.name, effect: .gone) }
            let isSame = old.processID != nil && old.processID == new.processID && old.processStart != nil && old.processStart == new.processStart
            return GuestOutcome(guest: old.name, effect: isSame ? .uninterrupted : .restarted)
        }
    }

    package var description: String {
        guard !guests.isEmpty else { return "no guest was running" }
        return guests.map { "\($0.guest) \($0.effect.rawValue)" }.joined(separator: ", ")
    }
}
