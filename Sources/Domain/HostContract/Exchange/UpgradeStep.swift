/// What happens on a host's way to another system, each once and in the order of its method; its raw value is the event's name in the timeline.
package enum UpgradeStep: String, Codable, Sendable, CaseIterable {
    /// The operator's word is durable.
    case ordered = "upgrade-ordered"
    /// The host has it.
    case received = "order-received"
    /// The new root is in memory beside the running one, verified.
    case rootFetched = "next-root-fetched"
    case rootPrepared = "next-root-prepared"
    /// Guests will outlive the system.
    case guestsMarked = "guests-marked"
    case guardianStarted = "guardian-started"
    /// Root, kernel and initrds are in memory, verified.
    case systemFetched = "next-system-fetched"
    case kernelLoaded = "kernel-loaded"
    /// The last word of the old system. An order that fails before it has changed nothing.
    case leaving
    case bootEnded = "boot-ended"
    case bootBegan = "boot-began"
    /// The first word of the new system's agent.
    case agentStarted = "agent-started"
    case operational
    case done = "upgrade-done"
}

extension UpgradeStep: Comparable {
    package static func < (a: Self, b: Self) -> Bool { (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0) }
}

extension ProgressReport.Event {
    package init(_ step: UpgradeStep, detail: String) { self.init(name: step.rawValue, detail: detail) }
}
