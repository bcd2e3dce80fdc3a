import Fleet
import FleetModel
import HostContract
import OperatorTypes
import Primitives
import Testing
import VirtualRack

@Suite("A BIOS host with iPXE in its network card", .serialized, .enabled(if: BootEnvironment.canBoot, "needs BENNU_IMAGE, root and /dev/net/tun"))
struct BIOSBootTests {
    /// The order in which a first boot is told, whatever else stands between.
    static let story = [
        "boot-began", "discover-received", "offer-sent", "request-received", "ack-sent", "host-not-accepted", "script-sent", "kernel-sent",
        "initrd-sent", "seal-sent", "claimed", "initrd-started", "root-fetched", "root-verified", "switching-root", "agent-started",
        "operational",
    ]
    static let questions: KeyValuePairs = [
        "machine-id": "cat /etc/machine-id", "host-name": "cat /proc/sys/kernel/hostname", "motd": "cat /etc/motd",
        "swappiness": "cat /proc/sys/vm/swappiness", "running": "virsh list --name", "pools": "virsh pool-list --name",
        "networks": "virsh net-list --name", "bridge-ports": "ls /sys/class/net/br0/brif",
        "libvirt-host": "virsh capabilities | grep -o '<uuid>[^<]*' | head -n 1 | cut -d '>' -f 2",
        // The guest prints a tick a second: the third one shows that it does not only exist.
        "ticks": "timeout 90 sh -c 'until grep -q \"tick 3\" /var/log/libvirt/qemu/ticker-serial.log; do sleep 1; done' && echo counted",
        "file": "cat /root/a-file 2>/dev/null || true",
    ]

    @Test("waits until it is accepted, runs its guest, follows a change while it runs, and keeps nothing over a restart", .timeLimit(.minutes(25)))
    func wholeLife() async throws {
        try await Site.with("bios") { site in
            try await site.importImage(byCopy: true)
            try await site.rack.power(.on, "h1")
            let address = try site.hardwareAddress(of: "h1").description

            try await site.wait(untilScreenOf: "h1", shows: "this host waits: host-not-accepted")
            let discovered = try await site.wait(until: .discovered, address)
            #expect(discovered.record.document == nil)
            try await site.accept(address, as: "h1")
            try await site.apply(Site.example("40-guest.yaml"))
            let first = try await site.wait(until: .operational, "h1")
            let boot = try first.record.boot.unwrapped("boot")
            #expect(first.record.id == discovered.record.id, "a host keeps its id when it is accepted")
            try await expectStory(Self.story, site)
            try await expectOneLease(first, site)
            expectEverythingInForce(first)

            let answers = try await site.ask(first, Self.questions)
            expectIdentity(first, answers)
            #expect(answers["motd"]?.hasPrefix("This hypervisor keeps no state") == true)
            #expect(answers["swappiness"] == "10")
            #expect(answers["running"] == "ticker")
            #expect(answers["pools"] == "default" && answers["networks"] == "lan")
            #expect(answers["bridge-ports"]?.isEmpty == false)
            #expect(answers["ticks"] == "counted")

            // A change while it runs.
            // The initrd's guard has seen the agent, and is gone with all that it held.
            _ = try await eventually("the initrd's guard goes", within: .seconds(60)) {
                let left = try await site.run(on: first, "cd /run/bennu/return && ls | tr '\\n' ' '")
                return left.contains("alive") && !left.contains("guard.sh") && !left.contains("busybox") ? left : nil
            }
            _ = try await site.run(on: first, "echo state > /root/a-file")
            let changed = Site.example("20-profile.yaml").replacing("This hypervisor keeps no state.", with: "Revision two.")
            let revision = try await site.apply(changed)
            let second = try await site.wait(until: .operational, "h1", revision: revision, within: .seconds(60))
            #expect(second.record.boot?.id == boot.id, "nothing restarted")
            #expect(second.record.boot?.status?.guests == boot.status?.guests, "the guest's process is the same")
            #expect(!second.summary.drift)
            let live = try await site.ask(second, ["motd": "cat /etc/motd", "file": "cat /root/a-file"])
            #expect(live["motd"]?.hasPrefix("Revision two.") == true)
            #expect(live["file"] == "state")

            // The reset button.
            try await site.rack.power(.reset, "h1")
            let third = try await site.wait(until: .operational, "h1", after: boot.id)
            #expect(third.record.id == first.record.id)
            #expect(third.record.boot?.address == boot.address)
            #expect(third.record.boot?.predecessor == boot.id)
            try await expectOneLease(third, site)
            expectEverythingInForce(third)
            let after = try await site.ask(third, Self.questions)
            expectIdentity(third, after)
            #expect(after["machine-id"] == answers["machine-id"])
            #expect(after["file"] == "", "what was written on the host is gone")
            #expect(after["motd"]?.hasPrefix("Revision two.") == true)
            #expect(after["running"] == "ticker" && after["ticks"] == "counted")
        }
    }

    @Test("becomes operational though the servers are killed after its claim and started again", .timeLimit(.minutes(15)))
    func serversKilled() async throws {
        try await Site.with("killed") { site in
            try await site.importImage()
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            try await site.wait(forEvent: "claimed", of: "h1")
            let before = try await site.host("h1").unwrapped("host h1")
            try site.killServers()
            try await site.start()

            let kept = try await site.host("h1").unwrapped("host h1 after the servers were killed")
            #expect(kept.record.id == before.record.id)
            #expect(kept.record.claims == before.record.claims)
            #expect(kept.record.boot?.id == before.record.boot?.id)
            #expect(kept.record.boot?.nonce == before.record.boot?.nonce, "the claim was acknowledged, so it is on disk")
            #expect(kept.revision == before.revision)

            let running = try await site.wait(until: .operational, "h1")
            #expect(running.record.boot?.id == before.record.boot?.id)
            #expect(running.record.boot?.address == before.record.boot?.address)
            try await expectOneLease(running, site)
            expectEverythingInForce(running)
        }
    }
}
