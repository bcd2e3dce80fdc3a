import AddressPlan
import Documents
import FleetModel
import HashTreeCollections
package import HostContract
package import OperatorTypes
import Primitives
import Synchronization

/// What operators ask about leases, and do with them. The desk is the DHCP server's.
extension Fleet {
    package func leaseList(_ query: LeaseQuery, from desk: any LeaseDesk) async throws(APIProblem) -> [LeaseSummary] {
        let view = snapshot
        let wanted = try query.host.map { text throws(APIProblem) in try view.hardwareAddresses(of: text) }
        if let name = query.subnet, !view.subnets.subnets.contains(where: { $0.name == name }) {
            throw APIProblem(code: "unknown-subnet", message: "no Subnet document is called \"\(name)\"; see: bennu document list")
        }
        let seconds = now() / 1000
        return try await desk.leases().lazy.filter { wanted?.contains($0.hardwareAddress) ?? true }
            .map { view.summary(of: $0, now: seconds) }
            .filter { (query.subnet == nil || $0.subnet == query.subnet) && (query.state == nil || $0.state == query.state) }
    }

    package func lease(_ text: String, from desk: any LeaseDesk) async throws(APIProblem) -> LeaseSummary {
        let address = try Self.address(text)
        guard let lease = try await desk.leases().first(where: { $0.address == address }) else {
            throw APIProblem(code: "unknown-lease", message: "no lease of \(address) is known; see: bennu lease list")
        }
        return snapshot.summary(of: lease, now: now() / 1000)
    }

    package func releaseLease(_ text: String, _ wish: LeaseRelease, from desk: any LeaseDesk) async throws(APIProblem) -> LeaseSummary {
        let lease = try await lease(text, from: desk)
        let record = lease.host.flatMap { snapshot.hosts[$0] }
        if !wish.force, let record, let boot = record.boot, boot.address == lease.address {
            let age = (now() - (boot.lastReport ?? boot.startedAt)) / 1000
            guard age > Self.useTime else {
                throw APIProblem(
                    code: "in-use", message: "\(lease.address) is in use: host \(record.document ?? record.id.description) was heard of \(age) s ago",
                    cause: "power it off first, or release it all the same with --force")
            }
        }
        let released = try await desk.release(lease.address)
        if let record {
            self.record([
                BootEvent(
                    host: record.id, boot: record.boot?.id, time: now(), source: .operator, name: "lease-released", detail: "\(lease.address)",
                    attributes: ["address": "\(lease.address)"])
            ])
        }
        return snapshot.summary(of: released, now: now() / 1000)
    }

    /// Seconds of silence after which a host is thought not to use its address any more: it reports every 15.
    private static let useTime: Int64 = 90

    private static func address(_ text: String) throws(APIProblem) -> IPv4Address {
        guard let address = IPv4Address(text) else {
            throw APIProblem(code: "malformed-address", message: "expected \(IPv4Address.expectation), found \"\(text.prefix(64))\"")
        }
        return address
    }
}

extension FleetState {
    /// A host's, or the one that the text itself is.
    func hardwareAddresses(of text: String) throws(APIProblem) -> Set<HardwareAddress> {
        if let record = host(named: text) { return Set(record.claims.hardwareAddresses) }
        if let address = HardwareAddress(text) { return [address] }
        return Set(try known(text).claims.hardwareAddresses)
    }

    fileprivate func summary(of lease: Lease, now: Int64) -> LeaseSummary {
        let state: LeaseSummary.State =
            switch lease.state {
            case .offered: .offered
            case .bound: lease.isInUse(at: now) ? .bound : .expired
            case .released: .released
            case .declined: lease.isHeld(at: now) ? .declined : .expired
            }
        var summary = LeaseSummary(
            address: lease.address, state: state, hardwareAddress: lease.hardwareAddress,
            expires: lease.expires == Lease.never ? nil : lease.expires)
        summary.subnet = subnets.subnets.first { $0.prefix.contains(lease.address) }?.name
        let record = byHardwareAddress[lease.hardwareAddress].flatMap { hosts[$0] }
        (summary.host, summary.name) = (record?.id, record?.document)
        (summary.hostName, summary.clientIdentifier, summary.uuid) = (lease.hostName, lease.clientIdentifier, lease.uuid)
        (summary.circuit, summary.remote) = (lease.circuit?.circuit, lease.circuit?.remote)
        return summary
    }
}
