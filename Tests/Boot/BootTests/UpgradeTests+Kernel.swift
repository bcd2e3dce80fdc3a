import FleetModel
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import Rollout
import Testing
import VirtualRack

extension UpgradeTests {
    /// What a change of the kernel is told as, across both boots.
    static let kernelStory = [
        "upgrade-ordered", "order-received", "next-system-fetched", "kernel-loaded", "leaving", "boot-ended", "boot-began", "agent-started",
        "guest-resumed", "operational", "upgrade-done",
    ]

    @Test(
        "and the kernel is another: a Linux guest stood still for it, while the servers were killed, and has its memory, disks and network",
        .timeLimit(.minutes(60)))
    func warm() async throws {
        try await Site.with("warm", memoryMebibytes: 2560, diskBytes: LocalDisk.bytes) { site in
            for name in ["a", "next"] { try await site.importImage(name) }
            let disks = try await [WriterDisk.iscsi("attached", of: site), WriterDisk.nbd("network", port: 10810, of: site)]
            defer { for disk in disks { disk.server.kill() } }
            let profile = Site.example("20-profile.yaml").replacing("kvm:latest", with: "kvm:a")
                .replacing("spec:\n", with: "spec:\n  guestMemory: 512MiB\n")
            try await site.apply(profile)
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            // The first start shows the servers the host's memory; the second sets a part of it aside.
            let first = try await site.wait(until: .operational, "h1")
            #expect(first.record.boot?.status?.system?.guestMemory == nil)
            let before = try await site.carryOut(UpgradeRequest(method: .cold, deadline: 1200, isRestart: true))
            #expect(before.record.upgrade?.state == .done, "\(before.record.upgrade?.failure ?? "")")
            let region = try before.record.boot?.status?.system?.guestMemory.unwrapped("guest memory")
            #expect(try region.unwrapped("region").bytes > 400 << 20)

            try await site.makeLocalDisk(on: before)
            try await site.apply(LocalDisk.added(to: WriterDisk.added("attached", to: profile)), Self.writer)
            let running = try await site.waitForGuests(["writer"])
            #expect(running.record.boot?.status?.guests.first?.memory == .kept)
            let begun = try await site.writer(on: running)
            try await site.waitForWrites(10, after: begun.log, on: running)
            try await site.waitForLooks(1, after: begun.log, on: running)

            // Under the same kernel first: another process, on the same memory.
            let renewed = try await site.renew("writer")
            #expect(renewed.state == .done, "\(renewed.failure ?? "")")
            let fresh = try await site.writer(on: running)
            #expect(fresh.process != begun.process)
            try await site.waitForWrites(10, after: fresh.log, on: running)

            let plan = try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?image=kvm:next").plan
            #expect(plan.choice == .warm, "\(plan)")
            let after = try await site.carryOut(UpgradeRequest(image: "kvm:next", deadline: 1200)) {
                // The servers die while the guest stands. The host has all it needs, and reports when they are back.
                try await site.left(by: .kexec)
                try site.killServers()
                try await Task.sleep(for: .seconds(5))
                try await site.start()
            }
            #expect(after.record.upgrade?.state == .done, "\(after.record.upgrade?.failure ?? "")")
            let boot = try after.record.boot.unwrapped("boot")
            let old = try running.record.boot.unwrapped("boot")
            #expect(boot.kind == .kexec && boot.predecessor == old.id)
            #expect(boot.image == after.assignment?.image && boot.kernel != old.kernel)
            #expect(boot.status?.system?.kernelRelease != old.status?.system?.kernelRelease)
            try await site.expectStory(Self.kernelStory)

            let resumed = try await site.writer(on: after)
            try await site.waitForWrites(10, after: resumed.log, on: after)
            try await site.waitForLooks(2, after: resumed.log, on: after)
            let ended = try await site.writer(on: after).log
            #expect(ended.complaints == [])
            #expect(ended.memory.count > begun.log.memory.count && ended.memory.allSatisfy { $0 == 0 })
            for disk in disks.map(\.name) + ["local"] {
                let numbers = ended.writes(to: disk, after: 0).map(\.number)
                #expect(numbers == Array(1...numbers.count), "\(disk): no record is missing, and none is twice")
            }
            for disk in disks { #expect(disk.holds(ended.last[disk.name] ?? .max)) }
            let pause = try boot.status?.guests.first { $0.name == "writer" }?.pause.unwrapped("pause")
            #expect(try await site.ask(after, LocalDisk.questions) == ["mounted": "yes", "pool": "running"])
            let answers = try await site.ask(after, Self.questionsAfterKernel)
            #expect(
                answers["paused"] == "paused" && answers["resumed"] == "running" && answers["module"] == "loaded" && answers["pings"] == "answered")
            let figures =
                "renewed in \(renewed.pause ?? -1) ms; for the kernel the guest stood for \(pause ?? -1) ms; \(answers["uptime"] ?? "?") s after its start the new kernel was asked"
            try Data(figures.utf8).write(to: URL(filePath: site.evidence("figures.txt")))
            print(figures)
        }
    }

    @Test(
        "and its power is cut in the middle of each method, and its first process hangs: it comes up by itself, with its guest",
        .timeLimit(.minutes(60)))
    func powerCut() async throws {
        try await Site.with("cut", memoryMebibytes: 2560) { site in
            for name in ["a", "b"] { try await site.importImage(name) }
            let profile = Site.example("20-profile.yaml").replacing("kvm:latest", with: "kvm:a")
            try await site.apply(profile)
            try await site.expect("h1")
            try await site.apply(Site.example("40-guest.yaml"))
            try await site.rack.power(.on, "h1")
            _ = try await site.wait(until: .operational, "h1")
            let orders: [UpgradeRequest] = [
                UpgradeRequest(image: "kvm:b", method: .soft, deadline: 1200), UpgradeRequest(method: .cold, deadline: 1200, isRestart: true),
                UpgradeRequest(method: .warm, deadline: 1200, isRestart: true), UpgradeRequest(method: .save, deadline: 1200, isRestart: true),
            ]
            for order in orders {
                let after = try await site.carryOut(order) {
                    switch order.method {
                    case .soft: try await site.left(by: .soft)
                    case .cold: try await site.wait(forEvent: "leaving", of: "h1")
                    default: try await site.left(by: .kexec)
                    }
                    // The start after the first cut has memory set aside, and a watchdog of less patience.
                    try await site.apply(
                        profile.replacing("spec:\n", with: "spec:\n  guestMemory: 512MiB\n")
                            .replacing("kernelArguments: [", with: "kernelArguments: [systemd.watchdog_sec=30, "))
                    try await site.rack.power(.reset, "h1")
                }
                let boot = try after.record.boot.unwrapped("boot")
                if order.method == .cold {
                    #expect(after.record.upgrade?.state == .done, "a start is what was ordered: \(after.record.upgrade?.failure ?? "")")
                } else {
                    #expect(after.record.upgrade?.state == .failed && after.record.upgrade?.failure?.contains("started anew") == true)
                }
                #expect(boot.kind == .cold && boot.image == after.assignment?.image && !after.summary.drift)
                #expect(boot.status?.guests.map(\.state) == ["running"])
                guard order.method == .warm || order.method == .save else { continue }
                let plan = try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?image=kvm:a").plan
                #expect(plan[.warm]?.obstacles.map(\.code) == [.kexecDistrusted], "a power cut cannot be told from a kernel that failed")
                _ = try await site.command("upgrade", "trust", "h1")
            }

            let hanging = try await site.wait(until: .operational, "h1")
            _ = try await site.run(on: hanging, "(sleep 1; echo 1 >/sys/fs/cgroup/init.scope/cgroup.freeze) >/dev/null 2>&1 </dev/null &")
            let after = try await site.wait(until: .operational, "h1", after: hanging.record.boot?.id)
            #expect(after.record.boot?.kind == .cold && after.record.boot?.status?.guests.map(\.state) == ["running"])
        }
    }

    @Test(
        "with UEFI and a TPM, and its agent is killed when the guest is about to stand: it goes on, the host stays; then by save, with a guest that is written out",
        .timeLimit(.minutes(40)))
    func agentKilled() async throws {
        try await Site.with("killed", firmware: .uefi, memoryMebibytes: 2560, hasTPM: true) { site in
            try await site.importImage("a")
            let running = try await site.startWithKeptGuest()
            let before = try await site.guest(on: running)
            // The file is written when the server has begun the new boot; saving guests comes next.
            _ = try await site.run(
                on: running,
                """
                cat >/run/kill-agent <<'SCRIPT'
                until [ -e /run/bennu/agent/succession.json ]; do sleep 0.05; done
                pkill -9 -x bennu-agent
                SCRIPT
                systemd-run --quiet sh /run/kill-agent
                """)
            let after = try await site.carryOut(UpgradeRequest(method: .warm, deadline: 1200, isRestart: true))
            #expect(after.record.upgrade?.state == .failed, "\(after.record.upgrade?.state as Any)")
            #expect(after.record.upgrade?.failure?.contains("not gone over to") == true, "\(after.record.upgrade?.failure ?? "")")
            let boot = try after.record.boot.unwrapped("boot")
            #expect(
                boot.kernel == running.record.boot?.kernel && boot.status?.system?.kernelRelease == running.record.boot?.status?.system?.kernelRelease
            )
            #expect(boot.id != running.record.boot?.id && boot.status?.guests.map(\.state) == ["running"])
            let ticks = try await site.ticks(on: after)
            #expect(ticks.count >= before.ticks && ticks == Array(0..<ticks.count), "a tick is missing, or twice: \(ticks)")
            // It can be asked again, by the dearer method too, with a guest for which too little kept memory is free; servers that are killed meanwhile
            // do not matter.
            let second = Site.example("40-guest.yaml").replacing("ticker", with: "second").replacing("32MiB", with: "192MiB")
            try await site.apply(second)
            let both = try await site.waitForGuests(["ticker", "second"])
            let places = Dictionary(uniqueKeysWithValues: both.record.boot?.status?.guests.map { ($0.name, $0.memory) } ?? [])
            #expect(places == ["ticker": .kept, "second": .ordinary])
            try await eventually("the second guest ticks", within: .seconds(120)) {
                try await site.ticks(of: "second", on: both).count > 3 ? true : nil
            }
            let counted = [try await site.ticks(on: both).count, try await site.ticks(of: "second", on: both).count]
            let again = try await site.carryOut(UpgradeRequest(method: .save, deadline: 1200, isRestart: true)) {
                try await site.left(by: .kexec)
                try site.killServers()
                try await Task.sleep(for: .seconds(5))
                try await site.start()
            }
            #expect(again.record.upgrade?.state == .done && again.record.boot?.kind == .kexec, "\(again.record.upgrade?.failure ?? "")")
            try await site.expectStory(Self.kernelStory)
            for (guest, count) in zip(["ticker", "second"], counted) {
                let ticks = try await site.ticks(of: guest, on: again)
                #expect(ticks.count > count && ticks == Array(0..<ticks.count), "\(guest): a tick is missing, or twice: \(ticks)")
            }
            let names = try await site.wholeTimeline().map(\.name)
            #expect(names.count { $0 == "successor-measured" } >= 1, "\(names)")
        }
    }

    static let questionsAfterKernel: KeyValuePairs = [
        "paused": "virsh suspend writer >/dev/null; virsh domstate writer", "resumed": "virsh resume writer >/dev/null; virsh domstate writer",
        "module": "modprobe dummy && grep -q ^dummy /proc/modules && echo loaded",
        "pings": "ping -n -c 5 -W 5 \(writerAddress) | grep -q 'bytes from' && echo answered", "uptime": "cut -d' ' -f1 /proc/uptime",
    ]
}
