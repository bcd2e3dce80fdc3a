package import FleetModel
import HashTreeCollections
package import HostContract
import OperatorTypes
import Primitives
import Rollout
import Synchronization

/// A guest goes on under the QEMU of the system that runs now.
extension Fleet {
    /// Gives the order; durable before the answer. Nothing is changed when it is refused.
    package func orderRenewal(of guest: String, on text: String) async throws(APIProblem) -> GuestRenewalRecord {
        let time = now()
        let (host, renewal) = try state.withLock { state throws(APIProblem) in
            var record = try state.known(text)
            let renewal = try state.renewal(of: guest, on: record, now: time)
            record.renewal = renewal
            state.put(record)
            return (record.id, renewal)
        }
        do { try await FleetKeys.write(snapshot.hosts[host], at: FleetKeys.host(host), in: store) } catch {
            throw APIProblem(code: "not-durable", message: "the order could not be written; try again", cause: "\(error)")
        }
        record(
            BootEvent(
                host: host, boot: renewal.boot, time: time, source: .operator, name: "renewal-ordered", detail: guest,
                attributes: ["order": renewal.order.id]))
        changes.ring()
        return renewal
    }
}

extension FleetState {
    /// Milliseconds that a renewal is taken to stop a guest for, where none was measured on its host.
    static let guessedRenewalPause = 20_000

    /// The order, unless something speaks against it.
    fileprivate func renewal(of name: String, on record: HostRecord, now: Int64) throws(APIProblem) -> GuestRenewalRecord {
        let host = record.document ?? record.id.description
        func refusal(_ code: String, _ reason: String, _ cause: String? = nil) -> APIProblem {
            APIProblem(code: code, message: "cannot renew guest \(name) on host \(host): \(reason)", cause: cause)
        }
        guard let boot = record.boot, boot.phase >= .agent else { throw refusal("not-running", "the host does not run") }
        guard let guest = guests(of: boot, on: record).first(where: { $0.name == name }) else {
            throw refusal("guest-not-running", "no such guest runs there", "see: bennu host show \(host)")
        }
        if let fixture = guest.fixture { throw refusal(UpgradeObstacle.Code.guestFixture.rawValue, "the guest \(fixture)") }
        if let fault = guest.unreachable { throw refusal(UpgradeObstacle.Code.diskUnreachable.rawValue, "the host does not reach \(fault)") }
        guard guest.memory == .kept else {
            throw refusal(
                UpgradeObstacle.Code.guestMemoryOrdinary.rawValue, "its memory would go with its process",
                "guests that start on a host with guestMemory have theirs kept; see Documentation/Upgrades.md")
        }
        let image = boot.image.flatMap { images[$0] }
        let running = UpgradeSituation.System(emulator: image?.emulator, machineTypes: image?.machineTypes)
        if let obstacle = UpgradePlan.takeover(of: [guest], from: running, by: running).first {
            throw refusal(obstacle.code.rawValue, obstacle.description, "a restart of the guest has it start in the new QEMU")
        }
        let expected = record.renewal?.pause ?? Self.guessedRenewalPause
        if let limit = guest.maximumPause, limit < expected {
            let (expected, limit) = (PauseText.of(milliseconds: expected), PauseText.of(milliseconds: limit))
            throw refusal(UpgradeObstacle.Code.pauseTooLong.rawValue, "it may pause for \(limit), and some \(expected) are expected")
        }
        if let running = record.upgrade, running.state == .ordered || running.state == .leaving {
            throw refusal("conflict", "the host is carrying out an order (\(running.order.method.rawValue))")
        }
        if let running = record.renewal, running.state == .ordered, running.boot == boot.id {
            throw refusal("conflict", "the host is renewing guest \(running.order.guest)")
        }
        var generator = SystemRandomNumberGenerator()
        let order = GuestRenewal(id: "o-" + RandomToken.make(count: 16, using: &generator), guest: name)
        return GuestRenewalRecord(order: order, boot: boot.id, orderedAt: now)
    }

    /// What a report says about the renewal that is under way.
    mutating func settleRenewal(of record: inout HostRecord, _ status: StatusReport) -> [(name: String, detail: String)] {
        guard var renewal = record.renewal, renewal.state == .ordered, let boot = record.boot else { return [] }
        defer { record.renewal = renewal }
        guard boot.id == renewal.boot else {
            (renewal.state, renewal.failure) = (.failed, "the host started anew meanwhile, with boot \(boot.id)")
            return [("renewal-failed", "\(renewal.order.guest): \(renewal.failure ?? "")")]
        }
        guard let report = status.renewal, report.order == renewal.order.id else { return [] }
        if let failure = report.failure {
            (renewal.state, renewal.failure) = (.failed, String(failure.prefix(500)))
            return [("renewal-failed", "\(renewal.order.guest): \(renewal.failure ?? "")")]
        }
        (renewal.state, renewal.pause) = (.done, report.pause)
        return [("renewal-done", "\(renewal.order.guest) stood for \(report.pause ?? 0) ms")]
    }
}
