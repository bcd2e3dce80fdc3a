package import HostContract

extension UpgradeMethod {
    /// What happens, in this order, when a host goes that way and nothing fails. `live` is what every change of documents does, and no order.
    package var steps: [UpgradeStep] {
        let before: [UpgradeStep]
        switch self {
        case .live: return []
        case .soft: before = [.rootFetched, .rootPrepared, .guestsMarked, .guardianStarted]
        case .warm, .save: before = [.systemFetched, .kernelLoaded]
        case .cold: before = []
        }
        let after: [UpgradeStep] = self == .cold ? [.bootBegan] : [.bootEnded, .bootBegan]
        return [.ordered, .received] + before + [.leaving] + after + [.agentStarted, .operational, .done]
    }
}

/// How far an order is, by the events that were told of it.
package struct UpgradeProgress: Sendable, Hashable {
    private var rest: ArraySlice<UpgradeStep>
    package let count: Int
    /// Steps that are done.
    package var position: Int { count - rest.count }

    package init(of method: UpgradeMethod) { (rest, count) = (method.steps[...], method.steps.count) }

    /// - Returns: the step that this event is, counted from 1; `nil` when it is none that is still to come.
    package mutating func take(_ event: String) -> Int? {
        guard let index = rest.firstIndex(where: { $0.rawValue == event }) else { return nil }
        rest = rest[(index + 1)...]
        return position
    }
}
