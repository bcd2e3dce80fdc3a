import FleetModel
import FoundationEssentials
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import Rollout
import Testing
import VirtualRack

/// Images for upgrades: directories `a`, `b` and `bad`, of one kernel, as Scripts/build-upgrade-images makes them.
let upgradeImages = ProcessInfo.processInfo.environment["BENNU_UPGRADE_IMAGES"] ?? ""
private let canUpgrade = BootEnvironment.wantsLongTests && FileManager.default.fileExists(atPath: "\(upgradeImages)/bad/index.json")

@Suite(
    "A hypervisor is replaced under its running guest",
    .enabled(if: canUpgrade, "needs BENNU_LONG_TESTS, BENNU_UPGRADE_IMAGES, and what boots need"))
struct UpgradeTests {
    @Test("to an image with another QEMU, and no guest notices; to a bad one, and the host comes back by itself", .timeLimit(.minutes(60)))
    func softThenBad() async throws {
        try await Site.with("upgrade", memoryMebibytes: 2048) { site in
            for name in ["a", "newer", "bad"] { try await site.importImage(name) }
            try await site.apply(Site.example("20-profile.yaml").replacing("kvm:latest", with: "kvm:a"))
            try await site.expect("h1")
            let disk = try WriterDisk.nbd("helped", port: 10809, of: site)
            defer { disk.server.kill() }
            try await site.apply(Site.example("40-guest.yaml"), Self.helped)
            try await site.rack.power(.on, "h1")
            let before = try await site.waitForGuests(["helped", "ticker"])
            let first = try before.record.boot.unwrapped("boot")
            let guest = try await site.guest(on: before)
            let helpers = try await site.ask(before, Self.helpers)
            #expect(helpers["emulator"]?.hasPrefix("10.") == true && helpers["swtpm"]?.isEmpty == false && helpers["virtiofsd"]?.isEmpty == false)
            #expect(first.status?.guests.map(\.machineType) == ["pc-q35-2.12", "pc-q35-10.0"])
            #expect(first.status?.guests.map(\.root) == [first.status?.system?.root, first.status?.system?.root])

            // Everything but the kernel is new, QEMU, too; the guests are the same processes, still counting, with those that serve them.
            let plan = try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?image=kvm:newer").plan
            #expect(plan.choice == .soft && plan[.soft]?.pause == GuestPause.none)
            #expect(plan[.cold]?.obstacles == [.init(.machineTypeUnknown, guests: ["helped"], detail: "pc-q35-2.12")])
            let after = try await site.carryOut(UpgradeRequest(image: "kvm:newer", deadline: 1200)) {
                // The servers die while the host is between its systems, and it reports when they are back.
                try await site.left(by: .soft)
                try site.killServers()
                try await Task.sleep(for: .seconds(5))
                try await site.start()
            }
            let second = try after.record.boot.unwrapped("boot")
            #expect(after.record.upgrade?.state == .done, "\(after.record.upgrade?.failure ?? "")")
            #expect(second.kind == .soft && second.predecessor == first.id && second.image == after.assignment?.image)
            #expect(second.image != first.image && second.kernel == first.kernel)
            try await site.expectStory(UpgradeMethod.soft.steps.map(\.rawValue))
            let upgraded = try await site.guest(on: after)
            #expect(upgraded.process == guest.process && upgraded.ticks > guest.ticks)
            let answers = try await site.ask(after, Self.questions)
            #expect(answers["marker"] == "newer" && answers["paused"] == "paused" && answers["resumed"] == "running" && answers["module"] == "loaded")
            #expect(second.status?.system?.roots.map(\.isInUse) == [true, true], "the guest keeps the first root in memory")
            let kept = try await site.ask(after, Self.helpers)
            #expect(kept["emulator"]?.hasPrefix("11.") == true)
            for name in ["helped", "swtpm", "virtiofsd"] { #expect(kept[name] == helpers[name], "\(name)") }
            #expect(second.status?.guests.map(\.root) == [first.status?.system?.root, first.status?.system?.root])

            // To one whose agent fails: the guardian goes back, and the guest does not notice that either.
            // The guest that was asked to pause has made the host degraded for a moment.
            _ = try await site.wait(until: .operational, "h1")
            let back = try await site.carryOut(UpgradeRequest(image: "kvm:bad", method: .soft, deadline: 180))
            let fourth = try back.record.boot.unwrapped("boot")
            #expect(back.record.upgrade?.state == .failed)
            #expect(fourth.kind == .soft && fourth.image == second.image && back.summary.drift)
            let names = try await site.wholeTimeline().map(\.name)
            #expect(names.contains("fell-back"))
            let returned = try await site.guest(on: back)
            #expect(returned.process == guest.process && returned.ticks > upgraded.ticks)

            // The server of a guest's disk goes away: nothing is left then.
            disk.server.kill()
            let refused = try await site.carryOut(UpgradeRequest(method: .soft, isRestart: true))
            try await site.expectUnreachable("disk nbd over the network: 10.77.0.1:10809: ", of: "helped", refused)
            #expect(try await site.guest(on: refused).process == guest.process)

            // The first root's last guests end, and its memory is free.
            try await site.client.delete("/v1/documents/Guest/helped")
            _ = try await site.run(on: back, "virsh destroy ticker")
            try await eventually("only the running root is in memory, and the guest started from it", within: .seconds(300)) {
                let status = try await site.host("h1")?.record.boot?.status
                let (roots, running) = (status?.system?.roots.map(\.root) ?? [], second.status?.system?.root)
                return Set(roots) == [running] && status?.guests.map(\.root) == [running] ? true : nil
            }
        }
    }

    /// A guest that libvirt starts programs for, of a machine type that the newer QEMU does not have any more.
    static let helped = """
        apiVersion: bennu/v1
        kind: Guest
        metadata: {name: helped}
        spec:
          host: h1
          xml: |
            <domain type='qemu'>
              <memory unit='MiB'>48</memory>
              <memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>
              <os><type arch='x86_64' machine='pc-q35-2.12'>hvm</type></os>
              <devices>
                <filesystem type='mount'><driver type='virtiofs'/><source dir='/srv'/><target dir='shared'/></filesystem>
                <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
                <disk type='network' device='disk'>
                  <source protocol='nbd'><host name='10.77.0.1' port='10809'/></source>
                  <target dev='vda' bus='virtio'/>
                </disk>
              </devices>
            </domain>

        """

    /// Process and start of the guest's QEMU, of its TPM and of the server of its file system.
    static let helpers: KeyValuePairs = [
        "emulator": "qemu-system-x86_64 --version | sed -n 's/.*version \\([0-9.]*\\).*/\\1/p'",
        "helped": "cut -d ' ' -f 1,22 /proc/$(cat /run/libvirt/qemu/helped.pid)/stat",
        "swtpm": "cat $(for p in $(pidof swtpm); do echo /proc/$p/stat; done) | cut -d ' ' -f 1,22 | sort",
        "virtiofsd": "cat $(for p in $(pidof virtiofsd); do echo /proc/$p/stat; done) | cut -d ' ' -f 1,22 | sort",
    ]

    static let questions: KeyValuePairs = [
        "marker": "cat /etc/image-b", "paused": "virsh suspend ticker >/dev/null; virsh domstate ticker",
        "resumed": "virsh resume ticker >/dev/null; virsh domstate ticker",
        // One that nothing loads by itself: the new root has the running kernel's modules.
        "module": "modprobe dummy && grep -q ^dummy /proc/modules && echo loaded",
    ]
}

extension Site {
    func importImage(_ name: String, from directory: String = upgradeImages) async throws {
        _ = try await client.post(
            "/v1/images/import", body: ImageImport(path: "\(directory)/\(name)", references: ["kvm:\(name)"]), answer: ImageSummary.self)
    }

    /// Orders it, and waits until it is over and the host operational.
    /// - Parameter meanwhile: done once the order is given.
    func carryOut(_ request: UpgradeRequest, meanwhile: () async throws -> Void = {}) async throws -> HostDetail {
        let order = try await client.post("/v1/hosts/h1/upgrade", body: request, answer: UpgradeOutlook.self).upgrade.unwrapped("order")
        try await meanwhile()
        return try await eventually("the end of the order: \(request)", within: .seconds(1500)) {
            guard let detail = try await self.host("h1"), let upgrade = detail.record.upgrade, upgrade.order.id == order.order.id else { return nil }
            return [.done, .failed].contains(upgrade.state) && detail.summary.state == .operational ? detail : nil
        }
    }

    /// Waits until the servers have begun the boot that the host goes over to.
    func left(by kind: BootRecord.Kind) async throws {
        try await eventually("the host leaves", within: .seconds(600)) { try await self.host("h1")?.record.boot?.kind == kind ? true : nil }
    }

    /// The order was given up before anything was touched, for a disk that was not reached, and the next plan says so beforehand.
    func expectUnreachable(_ fault: String, of guest: String, _ refused: HostDetail) async throws {
        let upgrade = try refused.record.upgrade.unwrapped("order")
        #expect(upgrade.state == .failed && upgrade.leftAt == nil && refused.record.boot?.id == upgrade.boot)
        #expect(upgrade.failure?.contains("guest \(guest): \(fault)") == true, "\(upgrade.failure ?? "")")
        try await eventually("the plan knows it", within: .seconds(60)) {
            let plan = try await self.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?restart=true").plan
            let obstacle = plan[.soft]?.obstacles.first { $0.code == .diskUnreachable }
            return obstacle?.guests == [guest] && obstacle?.detail?.hasPrefix(fault) == true ? true : nil
        }
    }

    /// Orders it, and waits until it is over.
    func renew(_ guest: String) async throws -> GuestRenewalRecord {
        let path = "/v1/hosts/h1/guests/\(guest)/renewal"
        let order = try await client.post(path, body: [String: String](), answer: GuestRenewalRecord.self).order
        return try await eventually("the renewal of \(guest)", within: .seconds(300)) {
            guard let renewal = try await self.host("h1")?.record.renewal, renewal.order.id == order.id else { return nil }
            return renewal.state == .ordered ? nil : renewal
        }
    }

    /// Process and start of the guest's QEMU, and its last tick, none of those before missing or twice. Its log is in the root that it was started from.
    func guest(on host: HostDetail) async throws -> (process: String, ticks: Int) {
        let text = try await run(
            on: host,
            """
            p=$(cat /run/libvirt/qemu/ticker.pid)
            cut -d ' ' -f 1,22 /proc/$p/stat
            log=/proc/$p/root/var/log/libvirt/qemu/ticker-serial.log
            timeout 120 sh -c "until grep -q 'tick [1-9]' $log; do sleep 1; done"
            grep -o 'tick [0-9]*.$' $log | tr -d '\\r'
            """)
        let lines = text.split(whereSeparator: \.isNewline)
        let ticks = lines.dropFirst().compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
        #expect(ticks == Array(0..<ticks.count), "a tick is missing, or twice: \(ticks)")
        return (String(lines.first ?? ""), try ticks.last.unwrapped("tick in \(text)"))
    }

    func wholeTimeline() async throws -> [BootEvent] {
        try await client.get(Timeline.self, "/v1/hosts/h1/timeline?boot=all").events
    }

    func expectStory(_ names: [String]) async throws {
        let told = try await wholeTimeline().map(\.name)
        var rest = (told.lastIndex(of: "upgrade-ordered").map { told[$0...] } ?? [])
        for name in names {
            guard let index = rest.firstIndex(of: name) else {
                Issue.record("\(name) is missing, or not after what precedes it, in \(told)")
                return
            }
            rest = rest[(index + 1)...]
        }
    }
}
