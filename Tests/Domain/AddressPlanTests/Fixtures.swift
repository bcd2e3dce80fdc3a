import AddressPlan
import Primitives
import Testing

/// A NIC by its last byte.
func nic(_ number: UInt64) -> HardwareAddress { HardwareAddress(value: 0x5254_0000_0000 + number) }
func client(_ number: UInt64, uuid: UniversalUniqueIdentifier? = nil) -> LeaseClient {
    LeaseClient(hardwareAddress: nic(number), uuid: uuid)
}
func address(_ text: String) throws -> IPv4Address { try #require(IPv4Address(text)) }
func uuid(_ number: UInt64) -> UniversalUniqueIdentifier { UniversalUniqueIdentifier(high: 7, low: number) }

/// 10.0.0.0/24 with a pool of `size` addresses from 10.0.0.100 on.
func plan(
    pool size: UInt32 = 3, reservations: [HardwareAddress: IPv4Address] = [:], uuids: [UniversalUniqueIdentifier: IPv4Address] = [:],
    leaseTime: UInt32 = 3600
) throws -> SubnetPlan {
    let prefix = try #require(IPv4Prefix("10.0.0.0/24"))
    let first = IPv4Address(10, 0, 0, 100)
    let last = try #require(first.advanced(by: size - 1))
    return SubnetPlan(
        name: "rack", prefix: prefix, pools: [first...last], leaseTime: leaseTime, reservations: reservations, uuidReservations: uuids)
}

func subnet(
    pool size: UInt32 = 3, reservations: [HardwareAddress: IPv4Address] = [:], uuids: [UniversalUniqueIdentifier: IPv4Address] = [:],
    leaseTime: UInt32 = 3600
) throws -> ServedSubnet {
    ServedSubnet(try plan(pool: size, reservations: reservations, uuids: uuids, leaseTime: leaseTime))
}

extension LeaseTable {
    /// DISCOVER, REQUEST, and the store takes it.
    @discardableResult
    mutating func lease(to client: LeaseClient, in subnet: ServedSubnet, requested: IPv4Address? = nil, now: Int64) throws -> Lease {
        let offer = try offer(to: client, in: subnet, requested: requested, now: now)
        let change = try request(offer.address, kind: .selecting, by: client, in: subnet, now: now)
        confirm(change)
        return try #require(change.leases.first)
    }
}
