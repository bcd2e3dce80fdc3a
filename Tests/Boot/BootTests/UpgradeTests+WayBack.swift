import FleetModel
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Rollout
import Testing
import VirtualRack

extension UpgradeTests {
    /// What a change of the kernel that is taken back is told as.
    static let storyOfReturn = [
        "upgrade-ordered", "order-received", "next-system-fetched", "way-back-packed", "kernel-loaded", "leaving", "boot-ended", "boot-began",
        "fell-back",
        "boot-began", "agent-started", "guest-resumed", "operational",
    ]

    @Test(
        "to images whose root does not mount, whose kernel panics, whose agent fails, and the guest goes on in the old one; to one that panics at once, and the old one starts anew",
        .timeLimit(.minutes(60)))
    func wayBack() async throws {
        try await Site.with("back", memoryMebibytes: 3072, nodes: 2, diskBytes: LocalDisk.bytes) { site in
            for name in ["a", "bad"] { try await site.importImage(name) }
            let broken = URL(filePath: site.evidence("images"))
            try FileManager.default.createDirectory(at: broken, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: broken) }
            try BrokenImage.withoutRootFileSystem(of: "\(upgradeImages)/b", at: "\(broken.path)/rootless")
            try BrokenImage.withPanic(of: "\(upgradeImages)/b", at: "\(broken.path)/panicking")
            try BrokenImage.withLatePanic(of: "\(upgradeImages)/b", at: "\(broken.path)/late")
            for name in ["rootless", "late", "panicking"] { try await site.importImage(name, from: broken.path) }
            let running = try await site.startWithKeptGuest(guestMemory: 1024, onLocalDisk: true)
            let arguments = try await site.run(on: running, "cat /proc/cmdline; cat /run/libvirt/qemu/ticker.xml")
            #expect(arguments.contains("memmap=512M!512M memmap=512M!1536M"), "a region for each node: \(arguments.prefix(400))")
            #expect(arguments.contains("/run/bennu/memory.1/guests/"), "the guest is where most is free")
            let first = try running.record.boot.unwrapped("boot")
            let memory = try await site.memory(of: running)

            for image in ["rootless", "late", "bad"] {
                let before = try await site.guest(on: running)
                let outlook = try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?image=kvm:\(image)")
                #expect(outlook.plan[.warm]?.ifItFails == .goOnUnlessPanic)
                let after = try await site.carryOut(UpgradeRequest(image: "kvm:\(image)", method: .warm, deadline: 150))
                let boot = try after.record.boot.unwrapped("boot")
                #expect(after.record.upgrade?.state == .failed, "\(image): \(after.record.upgrade?.state as Any)")
                #expect(boot.kind == .kexec && boot.image == first.image && boot.kernel == first.kernel && after.summary.drift, "\(image): \(boot)")
                #expect(boot.status?.guests.map(\.state) == ["running"])
                let ticks = try await site.ticks(on: after)
                #expect(try await site.ask(after, LocalDisk.questions) == ["mounted": "yes", "pool": "running"])
                #expect(ticks.count > before.ticks && ticks == Array(0..<ticks.count), "\(image): a tick is missing, or twice: \(ticks)")
                #expect(try await site.memory(of: after) >= memory - memory / 50, "\(image): the former system has not all of its memory")
                try await site.expectStory(Self.storyOfReturn)
                let resumed = try await site.wholeTimeline().last { $0.name == "guest-resumed" }
                #expect(resumed?.detail.hasSuffix("before libvirt was there") == true, "\(resumed?.detail ?? "")")
                print("\(image): \(after.record.upgrade?.failure ?? ""); the guest stood for \(boot.status?.guests.first?.pause ?? -1) ms")
            }
            let plan = try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?image=kvm:panicking").plan
            #expect(plan[.warm]?.isPossible == true, "a host that fell back by itself teaches nothing about kexec")

            // Nothing can take the guest back from this. The host starts cold what it is assigned to, and after three starts what it had before.
            let after = try await site.carryOut(UpgradeRequest(image: "kvm:panicking", method: .warm, deadline: 600))
            let boot = try after.record.boot.unwrapped("boot")
            #expect(after.record.upgrade?.state == .failed && boot.kind == .cold && boot.image == first.image && after.summary.drift)
            #expect(after.record.standIn?.good.image == first.image)
            let restarted = try await eventually("the guest starts anew", within: .seconds(300)) {
                let detail = try await site.host("h1")
                return detail?.record.boot?.status?.guests.first?.state == "running" ? detail : nil
            }
            #expect(restarted.record.boot?.id == boot.id)
        }
    }

    @Test(
        "and it is started from nothing with an image whose agent fails, and one whose kernel hangs: after two starts, or three, it has what it had before",
        .timeLimit(.minutes(40)))
    func startedInVain() async throws {
        try await Site.with("missing", memoryMebibytes: 2048) { site in
            for name in ["a", "bad"] { try await site.importImage(name) }
            let profile = Site.example("20-profile.yaml").replacing("kvm:latest", with: "kvm:a")
            try await site.apply(profile.replacing("kernelArguments: [", with: "kernelArguments: [bennu.patience=45, "))
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            let before = try await site.wait(until: .operational, "h1")
            let after = try await site.carryOut(UpgradeRequest(image: "kvm:bad", method: .cold, deadline: 1200)) {
                // What was acknowledged is known to servers that were killed.
                try site.killServers()
                try await site.start()
            }
            #expect(after.record.upgrade?.state == .failed && after.summary.drift)
            #expect(after.record.boot?.image == before.record.boot?.image && after.record.standIn?.failed == after.assignment?.image)
            let names = try await site.wholeTimeline().map(\.name)
            // An emulated kernel may crash besides, while it patches itself: that is a start that ended early.
            #expect(names.count { $0 == "agent-missing" } == 2 && names.count { $0 == "boot-failed" } >= 2, "\(names)")

            let hanging = site.evidence("hanging")
            defer { try? FileManager.default.removeItem(atPath: hanging) }
            try BrokenImage.withHang(of: "\(upgradeImages)/b", at: hanging)
            try await site.importImage("hanging", from: site.evidence(""))
            try await site.usePowerSwitch(patience: 90)
            let again = try await site.carryOut(UpgradeRequest(image: "kvm:hanging", method: .cold, deadline: 1200))
            #expect(again.record.upgrade?.state == .failed && again.record.boot?.image == before.record.boot?.image)
            #expect(again.record.standIn?.failed == again.assignment?.image)
            #expect(try await site.wholeTimeline().count { $0.name == "power-reset" } >= 3)
        }
    }
}

extension Site {
    /// An operational host with memory set aside, and the counting guest on it.
    func startWithKeptGuest(guestMemory: Int = 512, onLocalDisk: Bool = false) async throws -> HostDetail {
        var profile = Site.example("20-profile.yaml").replacing("kvm:latest", with: "kvm:a")
            .replacing("spec:\n", with: "spec:\n  guestMemory: \(guestMemory)MiB\n")
        var guest = Site.example("40-guest.yaml")
        try await apply(profile)
        try await expect("h1")
        try await rack.power(.on, "h1")
        // The first start shows the servers the host's memory; the second sets a part of it aside.
        let first = try await wait(until: .operational, "h1")
        if onLocalDisk {
            try await makeLocalDisk(on: first)
            (profile, guest) = (LocalDisk.added(to: profile), guest.replacing("/var/lib/libvirt/images", with: LocalDisk.directory))
            try await apply(profile)
        }
        _ = try await carryOut(UpgradeRequest(method: .cold, deadline: 1200, isRestart: true))
        try await apply(guest)
        return try await waitForGuests(["ticker"])
    }

    /// KiB that the host's kernel has.
    func memory(of host: HostDetail) async throws -> Int {
        let text = try await run(on: host, "awk '/^MemTotal/ { print $2 }' /proc/meminfo")
        return try Int(text.filter(\.isNumber)).unwrapped("MemTotal in \(text)")
    }

    /// All that a counting guest has written.
    func ticks(of guest: String = "ticker", on host: HostDetail) async throws -> [Int] {
        let log = try await run(on: host, "grep -o 'tick [0-9]*.$' /var/log/libvirt/qemu/\(guest)-serial.log | tr -d '\\r'")
        return log.split(whereSeparator: \.isNewline).compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }
    }
}
