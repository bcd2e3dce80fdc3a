import AddressPlan
import Primitives
import Testing

/// A small generator with a seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

@Suite struct NoAddressTwiceTests {
    /// What a client believes after its DHCPACK.
    private struct Belief {
        let nic: HardwareAddress
        let until: Int64
    }

    @Test(
        "No address is given twice, in any order of requests, failures, restarts and reservations", arguments: 1...40 as ClosedRange<UInt64>
    )
    func property(seed: UInt64) throws {
        var random = SeededGenerator(state: seed)
        var table = LeaseTable()
        var stored: [IPv4Address: Lease] = [:]
        var beliefs: [IPv4Address: Belief] = [:]
        var pending: [(change: LeaseChange, isRequest: Bool)] = []
        var now: Int64 = 1_000_000
        var granted = 0
        let subnets = try [
            subnet(pool: 6), subnet(pool: 6, reservations: [nic(2): .init(10, 0, 0, 101)], uuids: [uuid(1): .init(10, 0, 0, 50)]),
        ]
        var subnet = subnets[0]

        /// The store answers the oldest change; only then does a DHCPACK leave.
        func settle(_ outcome: Int) {
            guard !pending.isEmpty else { return }
            let (change, isRequest) = pending.removeFirst()
            guard outcome > 0 else { return table.revert(change) }
            for lease in change.leases { stored[lease.address] = lease }
            table.confirm(change)
            for lease in change.leases where lease.state != .bound && beliefs[lease.address]?.nic == lease.hardwareAddress {
                beliefs[lease.address] = nil
            }
            guard isRequest, let lease = change.leases.first else { return }
            granted += 1
            if let other = beliefs[lease.address], other.nic != lease.hardwareAddress {
                #expect(other.until <= now, "\(lease.address) given to \(lease.hardwareAddress), \(other.nic) has it")
            }
            beliefs[lease.address] = Belief(nic: lease.hardwareAddress, until: lease.expires)
        }

        for _ in 0..<3000 {
            let who = client(
                UInt64.random(in: 1...9, using: &random), uuid: Bool.random(using: &random) ? uuid(.random(in: 1...3, using: &random)) : nil
            )
            let named = IPv4Address(10, 0, 0, .random(in: 98...107, using: &random))
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<25: _ = try? table.offer(to: who, in: subnet, requested: named, now: now)
            case 25..<60:
                let kinds: [LeaseRequestKind] = [.selecting, .selecting, .rebooting, .renewing]
                let address = table.leases(of: who.hardwareAddress).randomElement(using: &random)?.address ?? named
                if let change = try? table.request(
                    address, kind: kinds.randomElement(using: &random) ?? .selecting, by: who, in: subnet, now: now)
                {
                    pending.append((change, true))
                }
            case 60..<66:
                if let change = try? table.release(named, by: who, now: now) { pending.append((change, false)) }
            case 66..<69:
                if let change = try? table.decline(named, by: who, now: now, quarantine: 300) { pending.append((change, false)) }
            case 69..<90: settle(Int.random(in: 0..<5, using: &random))
            case 90..<96:
                now += .random(in: 0...2000, using: &random)
                table.expireOffers(at: now)
            case 96..<98: subnet = subnets.randomElement(using: &random) ?? subnet
            default:
                // Killed: what was not committed is gone, and so are the offers.
                pending = []
                table = LeaseTable(stored: stored.values)
            }
        }
        #expect(granted > 100, "the run must reach what it is about")
    }
}
