import AddressPlan
import Primitives
import Testing

@Suite struct ReservationTests {
    @Test("A reserved address goes to its NIC, and to nobody else even if it is in the pool")
    func byHardwareAddress() throws {
        var table = LeaseTable()
        let subnet = try subnet(pool: 3, reservations: [nic(1): address("10.0.0.100")])
        #expect(try table.lease(to: client(2), in: subnet, now: 0).address == address("10.0.0.101"))
        #expect(try table.lease(to: client(1), in: subnet, now: 0).address == address("10.0.0.100"))
        #expect(try table.offer(to: client(3), in: subnet, requested: address("10.0.0.100"), now: 0).address == address("10.0.0.102"))
    }

    @Test("A host that is known by its UUID gets its address by any NIC, and keeps it when the running system says no UUID")
    func byUUID() throws {
        var table = LeaseTable()
        let subnet = try subnet(uuids: [uuid(5): address("10.0.0.50")])
        #expect(try table.lease(to: client(1, uuid: uuid(5)), in: subnet, now: 0).address == address("10.0.0.50"))
        #expect(try table.lease(to: client(1), in: subnet, now: 10).address == address("10.0.0.50"))
        table.confirm(try table.request(address("10.0.0.50"), kind: .renewing, by: client(1), in: subnet, now: 20))
        #expect(table.lease(at: try address("10.0.0.50"))?.uuid == uuid(5))
        #expect(try table.lease(to: client(2, uuid: uuid(6)), in: subnet, now: 0).address != address("10.0.0.50"))
    }

    @Test("A second machine with a copied UUID gets another address while the first is in use")
    func copiedUUID() throws {
        var table = LeaseTable()
        let subnet = try subnet(uuids: [uuid(5): address("10.0.0.50")])
        try table.lease(to: client(1, uuid: uuid(5)), in: subnet, now: 0)
        #expect(try table.lease(to: client(2, uuid: uuid(5)), in: subnet, now: 1).address == address("10.0.0.100"))
        #expect(try table.lease(to: client(2, uuid: uuid(5)), in: subnet, now: 10_000).address == address("10.0.0.50"))
    }

    @Test("A new reservation takes effect at the next start of its host, and its old lease ends then")
    func laterReservation() throws {
        var table = LeaseTable()
        let before = try subnet()
        let after = try subnet(reservations: [nic(1): address("10.0.0.50")])
        let old = try table.lease(to: client(1), in: before, now: 0)
        table.confirm(try table.request(old.address, kind: .renewing, by: client(1), in: after, now: 10))
        #expect(throws: LeaseRefusal.reservedElsewhere(old.address, reserved: .init(10, 0, 0, 50))) {
            try table.request(old.address, kind: .rebooting, by: client(1), in: after, now: 20)
        }
        let offer = try table.offer(to: client(1), in: after, now: 30)
        #expect(offer.address == IPv4Address(10, 0, 0, 50))
        let change = try table.request(offer.address, kind: .selecting, by: client(1), in: after, now: 30)
        #expect(change.leases.map(\.state) == [.bound, .released])
        table.confirm(change)
        #expect(table.leases.filter { $0.isInUse(at: 31) }.map(\.address) == [offer.address])
    }

    @Test("A reservation of an address that another host is using waits for that lease to end")
    func reservationOfUsedAddress() throws {
        var table = LeaseTable()
        let old = try table.lease(to: client(2), in: try subnet(), now: 0)
        let after = try subnet(reservations: [nic(1): old.address])
        #expect(try table.lease(to: client(1), in: after, now: 10).address != old.address)
        #expect(throws: LeaseRefusal.reservedForAnother(old.address)) {
            try table.request(old.address, kind: .renewing, by: client(2), in: after, now: 20)
        }
        #expect(try table.lease(to: client(1), in: after, now: 5000).address == old.address)
    }

    @Test("Two reservations of one address have one owner, always the same")
    func twoOwners() throws {
        let wanted = try address("10.0.0.50")
        let subnet = try subnet(reservations: [nic(3): wanted, nic(2): wanted], uuids: [uuid(1): wanted])
        #expect(subnet.owners == [wanted: .hardwareAddress(nic(2))])
        #expect(subnet.reservation(of: client(3)) == nil)
        #expect(subnet.reservation(of: client(9, uuid: uuid(1))) == nil)
    }

    @Test("A reservation outside its subnet, or of its broadcast address, is none", arguments: ["192.168.0.1", "10.0.0.255", "10.0.0.0"])
    func unusable(text: String) throws {
        let subnet = try subnet(reservations: [nic(1): address(text)])
        var table = LeaseTable()
        #expect(try table.lease(to: client(1), in: subnet, now: 0).address == address("10.0.0.100"))
    }

    @Test("An address reserved for a client identifier goes to whoever sends it, and stays with that NIC when the next stage sends another")
    func clientIdentifier() throws {
        var plan = try plan()
        plan.identifierReservations = ["0101": IPv4Address(10, 0, 0, 50)]
        let subnet = ServedSubnet(plan)
        var table = LeaseTable()
        let firmware = LeaseClient(hardwareAddress: nic(1), clientIdentifier: "0101")
        #expect(try table.lease(to: firmware, in: subnet, now: 0).address == IPv4Address(10, 0, 0, 50))
        let system = LeaseClient(hardwareAddress: nic(1), clientIdentifier: "ff02")
        for now in [10, 20] as [Int64] {
            let change = try table.request(IPv4Address(10, 0, 0, 50), kind: .renewing, by: system, in: subnet, now: now)
            table.confirm(change)
        }
        let other = LeaseClient(hardwareAddress: nic(2), clientIdentifier: "ff02")
        #expect(throws: LeaseRefusal.reservedForAnother(IPv4Address(10, 0, 0, 50))) {
            try table.request(IPv4Address(10, 0, 0, 50), kind: .selecting, by: other, in: subnet, now: 30)
        }
    }

    @Test("An address reserved for a switch port is kept by renewals that pass no relay, and lost at another port")
    func circuit() throws {
        var plan = try plan()
        let (anySwitch, oneSwitch) = (IPv4Address(10, 0, 0, 50), IPv4Address(10, 0, 0, 51))
        plan.circuitReservations = [RelayCircuit(circuit: "aa"): anySwitch, RelayCircuit(circuit: "aa", remote: "05"): oneSwitch]
        let subnet = ServedSubnet(plan)
        var table = LeaseTable()
        func at(_ circuit: String, _ remote: String?, nic number: UInt64) -> LeaseClient {
            LeaseClient(hardwareAddress: nic(number), circuit: RelayCircuit(circuit: circuit, remote: remote))
        }
        #expect(try table.lease(to: at("aa", "05", nic: 1), in: subnet, now: 0).address == oneSwitch)
        #expect(try table.lease(to: at("aa", "06", nic: 2), in: subnet, now: 0).address == anySwitch)
        #expect(try table.lease(to: at("bb", "05", nic: 3), in: subnet, now: 0).address == IPv4Address(10, 0, 0, 100))
        table.confirm(try table.request(oneSwitch, kind: .renewing, by: client(1), in: subnet, now: 10))
        #expect(table.lease(at: oneSwitch)?.circuit == RelayCircuit(circuit: "aa", remote: "05"))
        #expect(throws: LeaseRefusal.reservedForAnother(oneSwitch)) {
            try table.request(oneSwitch, kind: .renewing, by: at("bb", "05", nic: 1), in: subnet, now: 20)
        }
    }
}
