import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import Primitives
import Testing

@Suite("Which host a message is from, and which boot it belongs to")
struct SightTests {
    @Test("firmware that repeats itself, the loader, and the script are one boot")
    func oneBoot() throws {
        var site = StateFixture()
        let first = site.see(1, .firmware)
        #expect(first.events == ["host-discovered", "boot-began"])
        let boot = try #require(first.host.boot)
        for (stage, isFirst) in [(Sighting.Stage.firmware, true), (.firmware, false), (.loader, true), (.loader, false), (.script, false)] {
            let next = site.see(1, stage, first: isFirst)
            #expect(next.host.boot == boot, "\(stage)")
            #expect(next.events.isEmpty, "\(stage)")
        }
        #expect(site.record(1)?.boot?.phase == .loader)
        #expect(site.record(1)?.firmware == "x64-uefi")
    }

    struct Restart: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// What the boot had come to.
        let phase: BootRecord.Phase
        let stage: Sighting.Stage
        var isFirst = true
        /// Milliseconds of silence.
        var after: Int64 = 1000
        let beginsAnother: Bool
    }

    static let restarts = [
        Restart(testDescription: "firmware again at once", phase: .firmware, stage: .firmware, beginsAnother: false),
        Restart(testDescription: "firmware again after ten minutes", phase: .firmware, stage: .firmware, after: 600_000, beginsAnother: true),
        Restart(
            testDescription: "firmware asks for its offer after ten minutes", phase: .firmware, stage: .firmware, isFirst: false, after: 600_000,
            beginsAnother: false),
        Restart(testDescription: "firmware after the loader", phase: .loader, stage: .firmware, beginsAnother: true),
        Restart(testDescription: "the loader renews", phase: .kernel, stage: .loader, isFirst: false, beginsAnother: false),
        Restart(testDescription: "a loader in the ROM after the kernel", phase: .kernel, stage: .loader, beginsAnother: true),
        Restart(
            testDescription: "the script again, since the kernel did not arrive", phase: .kernel, stage: .script, isFirst: false, beginsAnother: false
        ),
        Restart(
            testDescription: "the script while a host waits for an hour", phase: .loader, stage: .script, isFirst: false, after: 3_600_000,
            beginsAnother: false),
        Restart(testDescription: "the script of a host that had claimed", phase: .claimed, stage: .script, isFirst: false, beginsAnother: true),
        Restart(testDescription: "a running host is reset", phase: .operational, stage: .firmware, beginsAnother: true),
        Restart(testDescription: "a running host whose ROM has iPXE is reset", phase: .operational, stage: .loader, beginsAnother: true),
        Restart(testDescription: "a failed host is reset", phase: .failed, stage: .firmware, beginsAnother: true),
        Restart(testDescription: "the initrd asks for an address", phase: .kernel, stage: .system, beginsAnother: false),
    ]

    @Test("a new boot begins where the message can only be a new start", arguments: restarts)
    func restart(row: Restart) throws {
        var site = StateFixture()
        site.see(1, .firmware)
        var record = try #require(site.record(1))
        let before = try #require(record.boot?.id)
        record.boot?.phase = row.phase
        site.state.put(record)
        let seen = site.see(1, row.stage, first: row.isFirst, after: row.after)
        let boot = try #require(site.record(1)?.boot)
        #expect((boot.id != before) == row.beginsAnother)
        #expect(seen.events == (row.beginsAnother ? ["boot-began"] : []))
        if row.beginsAnother {
            #expect(boot.predecessor == before)
            #expect(boot.startedAt == site.now)
            #expect(boot.nonce == nil && boot.status == nil)
        }
        #expect(site.state.byBoot[boot.id] == record.id)
        // One that had claimed may go on after all, and shows it by its credential.
        #expect((site.state.byBoot[before] == nil) == (row.beginsAnother && row.phase < .claimed))
    }

    @Test("a running system that renews belongs to no boot; one that still converges does")
    func running() throws {
        var site = StateFixture()
        site.see(1, .firmware)
        var record = try #require(site.record(1))
        for (phase, belongs) in [(BootRecord.Phase.kernel, true), (.claimed, true), (.converging, true), (.operational, false), (.failed, false)] {
            record.boot?.phase = phase
            site.state.put(record)
            #expect((site.see(1, .system).host.boot != nil) == belongs, "\(phase)")
        }
    }

    @Test("a stranger that boots nothing is no host; addresses that no NIC has are nobody's")
    func strangers() {
        var site = StateFixture()
        #expect(site.see(9, .system).host == SightedHost(host: nil, boot: nil, name: nil))
        for value in [UInt64(0), 0x0100_5e00_0001, 0xffff_ffff_ffff] {
            let sighting = Sighting(stage: .firmware, hardwareAddress: HardwareAddress(value: value), uuid: board(1), isFirstMessage: true)
            #expect(site.state.sight(sighting, now: 1, using: &site.generator).0.host == nil)
        }
        #expect(site.state.hosts.isEmpty)
    }

    @Test("two hosts whose NICs were swapped stay who they are by their boards")
    func swappedNICs() throws {
        var site = StateFixture()
        let a = try #require(site.see(1, .firmware, uuid: board(1)).host.host)
        let b = try #require(site.see(2, .firmware, uuid: board(2)).host.host)
        #expect(a != b)
        let moved = site.see(2, .firmware, uuid: board(1))
        #expect(moved.host.host == a)
        #expect(moved.events == ["identity-moved-nic"])
        #expect(site.see(1, .firmware, uuid: board(2)).host.host == b)
        #expect(site.state.hosts[a]?.claims.hardwareAddresses == [mac(2)])
        #expect(site.state.hosts[b]?.claims.hardwareAddresses == [mac(1)])
        #expect(site.see(2, .firmware, uuid: board(1)).events.isEmpty)
        #expect(site.state.byHardwareAddress[mac(1)] == b && site.state.byHardwareAddress[mac(2)] == a)
        #expect(site.state.hosts.count == 2)
    }

    @Test("a host that starts from each of its three NICs is one host")
    func threeNICs() throws {
        var site = StateFixture()
        let host = try #require(site.see(1, .firmware, uuid: board(1)).host.host)
        let second = site.see(2, .firmware, uuid: board(1))
        #expect(second.host.host == host && second.events.contains("identity-new-nic"))
        #expect(site.see(3, .firmware, uuid: board(1)).host.host == host)
        #expect(site.record(3)?.claims.hardwareAddresses == [mac(1), mac(2), mac(3)])
        #expect(site.state.hosts.count == 1)
    }

    @Test("a board's UUID is learned late, and changes when the board does")
    func boards() throws {
        var site = StateFixture()
        let host = try #require(site.see(1, .firmware).host.host)
        #expect(site.see(1, .loader, uuid: board(1)).events == ["identity-learned-uuid"])
        #expect(site.see(1, .firmware, uuid: board(2)).events.contains("identity-swapped-board"))
        #expect(site.state.byUUID[board(2)] == host && site.state.byUUID[board(1)] == nil)
        #expect(site.state.hosts.count == 1)
    }

    @Test("a UUID that another running host has is a duplicate, and not believed")
    func duplicateUUID() throws {
        var site = StateFixture()
        site.see(1, .firmware, uuid: board(1))
        var record = try #require(site.record(1))
        record.boot?.lastReport = site.now
        site.state.put(record)
        let other = site.see(2, .firmware, uuid: board(1))
        #expect(other.host.host != record.id)
        #expect(site.record(2)?.claims.uuid == nil)
        #expect(site.state.byUUID[board(1)] == record.id)
    }

    @Test("every index follows a record that changes and one that goes")
    func indexes() throws {
        var site = StateFixture()
        site.see(1, .firmware, uuid: board(1))
        let old = try #require(site.record(1))
        var new = old
        new.claims = HostClaims(uuid: board(7), hardwareAddresses: [mac(7)])
        new.document = "h7"
        site.state.put(new)
        #expect(site.state.host(named: "\(mac(1))") == nil && site.state.host(named: "\(board(1))") == nil)
        for name in ["\(mac(7))", "\(board(7))", "h7", "\(old.id)"] { #expect(site.state.host(named: name) == new, "\(name)") }
        site.state.remove(old.id)
        for name in ["\(mac(7))", "\(board(7))", "h7", "\(old.id)"] { #expect(site.state.host(named: name) == nil, "\(name)") }
        #expect(site.state.byBoot.isEmpty && site.state.unsaved == [old.id])
    }
}
