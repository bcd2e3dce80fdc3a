import FleetModel
import FoundationEssentials
import Glibc
import HostContract
import OperatorClient
import OperatorTypes
import Rollout
import Testing
import VirtualRack

extension UpgradeTests {
    @Test("and a Linux guest keeps its disks, its network and its process", .timeLimit(.minutes(40)))
    func writerNoticesNothing() async throws {
        try await Site.with("writer", memoryMebibytes: 2048, diskBytes: LocalDisk.bytes) { site in
            for name in ["a", "b"] { try await site.importImage(name) }
            let disks = try await [WriterDisk.iscsi("attached", of: site), WriterDisk.nbd("network", port: 10810, of: site)]
            defer { for disk in disks { disk.server.kill() } }
            let profile = Site.example("20-profile.yaml").replacing("kvm:latest", with: "kvm:a")
            try await site.apply(profile)
            try await site.expect("h1")
            try await site.rack.power(.on, "h1")
            try await site.makeLocalDisk(on: try await site.wait(until: .operational, "h1"))
            try await site.apply(LocalDisk.added(to: WriterDisk.added("attached", to: profile)), Self.writer)
            let before = try await site.waitForGuests(["writer"])
            // A guest in an emulated host is emulated twice: its kernel takes minutes.
            try await site.waitForWrites(1, after: WriterLog(""), on: before)
            try await site.waitForLooks(1, after: WriterLog(""), on: before)
            let begun = try await site.writer(on: before)

            let pings = try ServerProcess(
                site.rack.namespaceCommand(["stdbuf", "-oL", "ping", "-n", "-D", "-i", "0.2", Self.writerAddress]), log: site.evidence("pings.log"))
            defer { pings.kill() }
            try await site.waitForWrites(10, after: begun.log, on: before)
            let start = Date().timeIntervalSince1970
            let told = try await site.command("host", "upgrade", "h1", "--image", "kvm:b", "--deadline", "1200", within: .seconds(1500))
            #expect(["leaving", "upgrade-done", "h1 is operational, by the method soft"].allSatisfy { told.contains($0) }, "\(told)")
            let after = try await site.wait(until: .operational, "h1")
            #expect(after.record.upgrade?.state == .done, "\(after.record.upgrade?.failure ?? "")")
            let operational = try await site.writer(on: after)
            try await site.waitForWrites(10, after: operational.log, on: after)
            try await site.waitForLooks(2, after: operational.log, on: after)
            let end = Date().timeIntervalSince1970
            let ended = try await site.writer(on: after)

            #expect(ended.process == begun.process, "the same QEMU, since the same moment")
            #expect(ended.log.complaints == [])
            #expect(!ended.log.memory.isEmpty && ended.log.memory.allSatisfy { $0 == 0 })
            var figures = ["seconds from the order to ten writes after it: \(Int(end - start))"]
            for disk in ["local", "attached", "network"] {
                let writes = ended.log.writes(to: disk, after: begun.log.last[disk] ?? 0)
                #expect(writes.map(\.number) == Array(((begun.log.last[disk] ?? 0) + 1)..<((ended.log.last[disk] ?? 0) + 1)))
                let (longest, gap) = (writes.map(\.milliseconds).max() ?? .max, writes.map(\.gap).max() ?? .max)
                figures.append("\(disk): \(writes.count) writes, longest \(longest) ms, longest gap \(gap) ms")
                #expect(gap < 30_000)
            }
            let ping = PingLog.longestGap(Site.text(at: site.evidence("pings.log")), from: start, to: end)
            figures.append("ping: \(ping.answers) answers, longest gap \(Int(ping.seconds * 1000)) ms")
            #expect(ping.seconds < 30)
            // What the guest was told is durable is on the disks that are here.
            for disk in disks { #expect(disk.holds(ended.log.last[disk.name] ?? .max)) }
            #expect(try await site.ask(after, LocalDisk.questions) == ["mounted": "yes", "pool": "running"])
            // A target that does not answer: nothing is left, and once it does, all is as before.
            disks[0].server.signal(SIGSTOP)
            let refused = try await site.carryOut(UpgradeRequest(method: .soft, isRestart: true))
            try await site.expectUnreachable("disk \(WriterDisk.iscsiPath("attached")): ", of: "writer", refused)
            disks[0].server.signal(SIGCONT)
            try await eventually("the disk is reached again", within: .seconds(300)) {
                try await site.client.get(UpgradeOutlook.self, "/v1/hosts/h1/upgrade?restart=true").plan.choice == .soft ? true : nil
            }
            let mended = try await site.writer(on: refused)
            try await site.waitForWrites(2, after: mended.log, on: refused)
            #expect(mended.process == begun.process && mended.log.complaints == [])
            try Data(figures.joined(separator: "\n").utf8).write(to: URL(filePath: site.evidence("figures.txt")))
            print(figures.joined(separator: "\n"))
        }
    }

    static let writerAddress = "10.77.0.50"

    /// Three disks: a file on a disk of the host; one that the host's kernel attaches by iSCSI; one of the network that the guest attaches itself.
    static let writer = """
        apiVersion: bennu/v1
        kind: Guest
        metadata:
          name: writer
        spec:
          host: h1
          xml: |
            <domain type='qemu'>
              <memory unit='MiB'>96</memory>
              <vcpu>1</vcpu>
              <os>
                <type arch='x86_64' machine='pc'>hvm</type>
                <kernel>/usr/lib/writing-guest/vmlinuz</kernel>
                <initrd>/usr/lib/writing-guest/initrd</initrd>
                <cmdline>console=ttyS0 quiet no_timer_check nokaslr mitigations=off cryptomgr.notests tsc=reliable lpj=4000000 acpi=off \
        guest.address=\(writerAddress)/24 guest.disk=local:/dev/vda guest.disk=attached:/dev/vdb guest.nbd=network:10.77.0.1:10810 \
        guest.memory=8</cmdline>
              </os>
              <features><apic/></features>
              <devices>
                <disk type='file' device='disk'>
                  <driver name='qemu' type='raw'/>
                  <source file='\(LocalDisk.directory)/writer.raw'/>
                  <target dev='vda' bus='virtio'/>
                </disk>
                <disk type='block' device='disk'>
                  <driver name='qemu' type='raw' cache='none'/>
                  <source dev='\(WriterDisk.iscsiPath("attached"))'/>
                  <target dev='vdb' bus='virtio'/>
                </disk>
                <interface type='network'><source network='lan'/><model type='virtio'/><rom enabled='no'/></interface>
                <serial type='pty'><log file='/var/log/libvirt/qemu/writer-serial.log' append='on'/><target port='0'/></serial>
                <memballoon model='none'/>
              </devices>
            </domain>
        """
}

/// A disk that the rack's network has: a file of 8 MiB behind a server of its own.
struct WriterDisk {
    let name: String
    let path: String
    let server: ServerProcess

    private init(_ name: String, of site: Site, _ command: (_ path: String) -> [String]) throws {
        (self.name, path) = (name, site.evidence("\(name).raw"))
        try Data(count: 8 << 20).write(to: URL(filePath: path))
        server = try ServerProcess(site.rack.namespaceCommand(command(path)), log: site.evidence("\(name).log"))
    }

    /// For whoever attaches it by NBD.
    static func nbd(_ name: String, port: Int, of site: Site) throws -> WriterDisk {
        try WriterDisk(name, of: site) { path in
            ["qemu-nbd", "--persistent", "--shared=4", "--format=raw", "--bind=10.77.0.1", "--port=\(port)", path]
        }
    }

    /// For a host whose kernel attaches it by iSCSI (Debian's tgt).
    static func iscsi(_ name: String, of site: Site) async throws -> WriterDisk {
        // Its control socket is in a directory that all share.
        let control = String(Int.random(in: 1000..<30_000))
        let disk = try WriterDisk(name, of: site) { _ in ["tgtd", "-f", "-C", control, "--iscsi", "portal=10.77.0.1:3260"] }
        func administer(_ words: String...) throws -> Bool {
            let command = ["tgtadm", "-C", control, "--lld", "iscsi"] + words
            return try ServerProcess(site.rack.namespaceCommand(command), log: site.evidence("tgtadm.log")).waitForEnd()
        }
        try await eventually("the iSCSI target is there", within: .seconds(30)) {
            try administer("--op", "new", "--mode", "target", "--tid", "1", "-T", "\(Self.iscsiName):\(name)") ? true : nil
        }
        #expect(try administer("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", "1", "-b", disk.path))
        #expect(try administer("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL"))
        return disk
    }

    static let iscsiName = "iqn.2026-11.test"

    /// Where the host finds the disk by that name.
    static func iscsiPath(_ name: String) -> String { "/dev/disk/by-path/ip-10.77.0.1:3260-iscsi-\(iscsiName):\(name)-lun-1" }

    /// A pool more, by which the host logs in to the target.
    static func added(_ name: String, to profile: String) -> String {
        profile.replacing(
            "  storagePools:\n",
            with: """
                  storagePools:
                    - name: \(name)
                      xml: |
                        <pool type='iscsi'>
                          <name>\(name)</name>
                          <source><host name='10.77.0.1' port='3260'/><device path='\(iscsiName):\(name)'/></source>
                          <target><path>/dev/disk/by-path</path></target>
                        </pool>

                """)
    }

    /// Whether a record is in its place.
    func holds(_ number: Int) -> Bool {
        guard let bytes = FileManager.default.contents(atPath: path), number > 0, !bytes.isEmpty else { return false }
        return bytes.dropFirst((number - 1) % (bytes.count / 4096) * 4096).starts(with: "\(name) \(number)\n".utf8)
    }
}

extension Site {
    /// Process and start of the writer's QEMU, and what the guest has printed. Its log is in the root that it was started from.
    func writer(on host: HostDetail) async throws -> (process: String, log: WriterLog) {
        let text = try await run(
            on: host,
            """
            p=$(cat /run/libvirt/qemu/writer.pid)
            cut -d ' ' -f 1,22 /proc/$p/stat
            cat /proc/$p/root/var/log/libvirt/qemu/writer-serial.log
            """)
        let process = text.prefix { $0 != "\n" }
        return (String(process), WriterLog(String(text.dropFirst(process.count + 1))))
    }

    /// Waits until the guest has looked at its memory that many times more. Two more are one whole look at least.
    func waitForLooks(_ count: Int, after log: WriterLog, on host: HostDetail) async throws {
        try await eventually("\(count) looks at the guest's memory", within: .seconds(900)) {
            try await self.writer(on: host).log.memory.count >= log.memory.count + count ? true : nil
        }
    }

    /// Waits until every disk has as many records more.
    func waitForWrites(_ count: Int, after log: WriterLog, on host: HostDetail) async throws {
        try await eventually("\(count) writes to each disk", within: .seconds(900)) {
            let now = try await self.writer(on: host).log
            guard now.complaints.isEmpty else { throw Unmet("the guest says: \(now.complaints)") }
            let disks = ["local", "attached", "network"]
            return disks.allSatisfy { (now.last[$0] ?? 0) >= (log.last[$0] ?? 0) + count } ? now : nil
        }
    }
}
