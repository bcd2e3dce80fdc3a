import AddressPlan
import DHCPServer
import DatagramIO
import Synchronization

/// A store whose first commit lasts until the test opens the gate.
final class GatedLeaseStore: LeaseStore {
    private let committing: WakeUp
    private let gate: WakeUp
    private let leases = TestLeaseStore()

    init() throws { (committing, gate) = (try WakeUp(), try WakeUp()) }

    func load() async throws -> StoredLeaseList { try await leases.load() }

    func commit(_ changes: [LeaseChange]) -> [LeaseCommitOutcome] {
        committing.signal()
        // The gate stays open once it was opened: nobody clears it.
        _ = try? Readiness.wait(for: [gate.descriptor], milliseconds: 10_000)
        return leases.commit(changes)
    }

    func waitUntilCommitting() throws { _ = try Readiness.wait(for: [committing.descriptor], milliseconds: 10_000) }
    func open() { gate.signal() }
}
