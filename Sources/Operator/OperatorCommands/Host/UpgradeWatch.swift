import FleetModel
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import Rollout

/// Gives an order and stays with it to its end, printing each event.
struct UpgradeWatch {
    let server: ServerOptions
    let host: String

    private var client: OperatorClient { OperatorClient(socketPath: server.socketPath) }

    func carryOut(_ request: UpgradeRequest) async throws {
        let seen = try await client.get(Timeline.self, HostPath.of(host, "/timeline?boot=all")).events.last?.sequence ?? 0
        let outlook = try await client.post(HostPath.of(host, "/upgrade"), body: request, answer: UpgradeOutlook.self)
        guard let upgrade = outlook.upgrade else {
            if server.output == .json { return try Printer.json(outlook) }
            print("\(outlook.name) runs \(outlook.reference) already; only its configuration can differ, and that is brought in force live")
            return
        }
        if server.output == .table { print(outlook.text()) }
        try await follow(upgrade, outlook.plan, request, after: seen)
    }

    /// A host that is silent for ever keeps us no longer than its deadline, the way back, and some minutes; and as long as guests have to shut down.
    private func follow(_ upgrade: UpgradeRecord, _ plan: UpgradePlan, _ request: UpgradeRequest, after seen: Int64) async throws {
        let shutdown = plan[upgrade.order.method]?.shutdownTime ?? 0
        let end = ContinuousClock.now + .seconds(upgrade.order.deadline * 2 + 900 + shutdown)
        var shown = seen
        var printer = TimelinePrinter(began: upgrade.orderedAt, boot: upgrade.boot, progress: UpgradeProgress(of: upgrade.order.method))
        while true {
            let timeline = try? await client.get(Timeline.self, HostPath.of(host, "/timeline?boot=all"))
            for event in timeline?.events ?? [] where event.sequence > shown {
                if server.output == .table { print(printer.line(event)) }
                shown = event.sequence
            }
            fflush(nil)
            if let detail = try? await client.get(HostDetail.self, HostPath.of(host)), let current = detail.record.upgrade {
                guard current.order.id == upgrade.order.id else {
                    throw APIProblem(code: "conflict", message: "another order has taken the place of this one")
                }
                if current.state == .done { return try finish(current, detail) }
                if current.state == .failed, isSettled(detail) { return try await fail(current, detail, request) }
            }
            guard ContinuousClock.now < end else {
                Printer.error("error: \(host) has not become operational; see: bennu host timeline \(host) --boot all")
                throw ExitStatus.unmet
            }
            try await Task.sleep(for: .milliseconds(500))
        }
    }

    /// After a failure it is worth waiting until the host runs again.
    private func isSettled(_ detail: HostDetail) -> Bool { detail.summary.state == .operational }

    private func finish(_ upgrade: UpgradeRecord, _ detail: HostDetail) throws {
        if server.output == .json { return try Printer.json(detail) }
        let outcome = UpgradeOutcome(before: upgrade.guestsBefore, after: detail.record.boot?.status?.guests ?? [], method: upgrade.order.method)
        print("\(detail.summary.name ?? host) is operational, by the method \(upgrade.order.method.rawValue)")
        for line in lines(outcome) { print(line) }
    }

    private func fail(_ upgrade: UpgradeRecord, _ detail: HostDetail, _ request: UpgradeRequest) async throws {
        let outcome = UpgradeOutcome(before: upgrade.guestsBefore, after: detail.record.boot?.status?.guests ?? [], method: upgrade.order.method)
        if server.output == .json { try Printer.json(detail) } else { for line in lines(outcome) { print(line) } }
        let image = detail.record.boot?.image?.short ?? "an unknown image"
        Printer.error("error: \(host) did not get there: \(upgrade.failure ?? "no reason was given"); it runs \(image)")
        // The image is assigned by now.
        let path = HostPath.of(host, "/upgrade") + (request.isRestart ? "?restart=true" : "")
        if upgrade.leftAt == nil, let next = try? await client.get(UpgradeOutlook.self, path).plan.next(after: upgrade.order.method) {
            Printer.error("hint: nothing was touched; the next method that gets there is \(next.rawValue); see: bennu upgrade plan \(host)")
        }
        throw ExitStatus.unmet
    }

    private func lines(_ outcome: UpgradeOutcome) -> [String] {
        outcome.guests.map { guest in
            switch guest.effect {
            case .uninterrupted: "guest \(guest.guest): pause 0 s (the same process)"
            case .paused: "guest \(guest.guest): pause \(PauseText.of(milliseconds: guest.pause ?? 0)) (it went on where it was)"
            case .restarted: "guest \(guest.guest): restarted"
            case .gone: "guest \(guest.guest): ran before, and does not now"
            }
        }
    }
}
