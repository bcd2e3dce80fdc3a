import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Rollout
import Testing
import VirtualRack

extension UpgradeTests {
    @Test(
        "and the kernel is another, and no memory is set aside: the guest stood still on the disk that its own disk is on, and nothing of it stays there, also when the power is cut",
        .timeLimit(.minutes(30)))
    func savedOnDisk() async throws {
        try await Site.with("disk", memoryMebibytes: 2560, diskBytes: 2 << 30) { site in
            for name in ["a", "next"] { try await site.importImage(name) }
            let profile = Site.example("20-profile.yaml").replacing("kvm:latest", with: "kvm:a")
            try await site.apply(profile)
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            let first = try await site.wait(until: .operational, "h1")
            let none = try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?image=kvm:next").plan
            #expect(none[.save]?.obstacles.map(\.code) == [.localDiskMissing] && none.choice == .cold, "\(none)")

            try await site.makeLocalDisk(on: first)
            try await site.apply(
                LocalDisk.added(to: profile), Site.example("40-guest.yaml").replacing("/var/lib/libvirt/images", with: LocalDisk.directory))
            let running = try await site.waitForGuests(["ticker"])
            let before = try await site.guest(on: running)
            let plan = try await eventually("the host shows its disk", within: .seconds(120)) {
                let plan = try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?image=kvm:next").plan
                return plan[.save]?.savedIn == nil ? nil : plan
            }
            #expect(plan.choice == .save && plan[.save]?.savedIn == LocalDisk.directory && plan[.save]?.ifItFails == .crash, "\(plan)")

            let after = try await site.carryOut(UpgradeRequest(image: "kvm:next", deadline: 1200)) {
                // The servers die while the guest stands. The host has all it needs, and reports when they are back.
                try await site.left(by: .kexec)
                try site.killServers()
                try await Task.sleep(for: .seconds(5))
                try await site.start()
            }
            #expect(after.record.upgrade?.state == .done, "\(after.record.upgrade?.failure ?? "")")
            let (boot, old) = (try after.record.boot.unwrapped("boot"), try running.record.boot.unwrapped("boot"))
            #expect(boot.kind == .kexec && boot.predecessor == old.id && boot.kernel != old.kernel && boot.image == after.assignment?.image)
            #expect(boot.status?.system?.kernelRelease != old.status?.system?.kernelRelease && boot.status?.system?.guestMemory == nil)
            try await site.expectStory(Self.kernelStory)
            let ticks = try await site.ticks(on: after)
            #expect(ticks.count > before.ticks && ticks == Array(0..<ticks.count), "a tick is missing, or twice: \(ticks)")
            #expect(try await site.ask(after, LocalDisk.questions) == ["mounted": "yes", "pool": "running"])
            try await site.expectNothingSaved(on: after)
            print("the guest stood for \(boot.status?.guests.first?.pause ?? -1) ms")

            // Its power is cut as the guest is about to stand once more.
            let cut = try await site.carryOut(UpgradeRequest(method: .save, deadline: 1200, isRestart: true)) {
                try await eventually("the host leaves", within: .seconds(600)) { try await site.host("h1")?.record.boot?.id == boot.id ? nil : true }
                try await site.rack.power(.reset, "h1")
            }
            #expect(cut.record.upgrade?.state == .failed && cut.record.boot?.kind == .cold, "\(cut.record.upgrade?.failure ?? "")")
            let restarted = try await site.waitForGuests(["ticker"])
            #expect(try await site.timeline(of: "h1").contains { $0.name == "luggage-removed" })
            try await site.expectNothingSaved(on: restarted)
        }
    }
}

extension Site {
    /// Only guests' disks are left on the host's own.
    fileprivate func expectNothingSaved(on host: HostDetail) async throws {
        let script = "ls -A \(LocalDisk.directory); findmnt -n -o TARGET /run/bennu/disk || findmnt -n -o TARGET /run/bennu/memory || true"
        let left = try await run(on: host, script).split(separator: "\n").sorted()
        #expect(left == ["lost+found", "ticker.raw", "writer.raw"], "\(left)")
    }
}
