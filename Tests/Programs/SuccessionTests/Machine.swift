import FoundationEssentials
import Glibc
import HostAgent
import HostContract
import NIOPosix
import Primitives
import Synchronization
import TestSupport

/// A host as its agent sees it: files below a directory, with what the agent runs as scripts. Its soft reboot is another run of the agent in the
/// same files, with the identity of the root that was gone over to; its crash is a copy of them, made at that instant.
final class Machine: Sendable {
    let root: HostRoot
    let stopsAtReboot = Mutex(false)
    private let directory: TemporaryDirectory
    private static let rebooting = "/soft-reboot"
    private static let resetting = "/reset"

    /// The first start, as its initrd leaves it.
    /// - Parameter image: the root that runs.
    init(boot: String, server: ServerAddress, siteKey: [UInt8], image: Digest) throws {
        directory = try TemporaryDirectory()
        root = HostRoot(directory.path)
        let files = [
            "/proc/uptime": "1.00 1.00", "/proc/sys/kernel/hostname": "h1", "/proc/sys/kernel/osrelease": "6.12-1",
            "/proc/sys/net/ipv4/ip_forward": "0", "/proc/self/mounts": "", "/dev/console": "", "/test.xml": "<node></node>",
            "/sys/class/net/ens3/address": "52:54:00:00:00:01", "/sys/class/net/ens3/device/vendor": "0x1af4",
            "/sys/block/loop0/loop/backing_file": "/run/bennu/image/\(image.hexadecimal).img", "/sys/block/loop0/size": "8",
            BootHandover.siteKeyFile: Hexadecimal.encode(siteKey),
            BootHandover.bootFile:
                #"{"server":"\#(server)","boot":"\#(boot)","nonce":"\#(String(repeating: "a", count: 32))","mac":"52:54:00:00:00:01","root":"\#(image)"}"#,
        ]
        for (path, text) in files { try root.write(path, Array((text + "\n").utf8)) }
        for (path, script) in Self.programs { try root.write(path, Array(script.utf8), mode: 0o755) }
    }

    /// The machine that stops at this instant: its files, and nothing else.
    init(copyOf other: Machine) throws {
        directory = try TemporaryDirectory()
        root = HostRoot(directory.path)
        try Command("/bin/cp", ["-a", other.directory.path + "/.", directory.path]).run(in: .host)
    }

    deinit {
        for place in ["/run/nextroot", "/run/bennu/fallback", "/run/bennu/stage"] {
            while umount2(root.path(place), Int32(MNT_DETACH)) == 0 {}
        }
    }

    private static let programs = [
        "/usr/bin/systemctl": """
        #!/bin/sh
        R=${0%/usr/bin/systemctl}
        case "$*" in
        *"restart bennu-guard.service") sed -n 's/^ExecStart=.* guard \\([^ ]*\\) .*/\\1/p' $R/run/systemd/system/bennu-guard.service > $R/run/bennu/guard/ready ;;
        *soft-reboot) : > $R\(rebooting) ;;
        *reboot) : > $R\(resetting) ;;
        esac

        """,
        "/usr/bin/mount": """
        #!/bin/sh
        for place; do :; done
        R=${0%/usr/bin/mount}
        [ "$2" = overlay ] || exit 0
        for file in usr/lib/systemd/systemd usr/lib/bennu/bennu-agent usr/lib/modules/6.12-1/modules.dep; do
            mkdir -p "$R$place/${file%/*}"
            : > "$R$place/$file"
        done

        """,
    ]

    var isRebooting: Bool { root.exists(Self.rebooting) }
    /// True once the host's own reset was asked for, which is not carried out here.
    var isResetting: Bool { root.exists(Self.resetting) }
    var memory: UpgradeMemory? { UpgradeMemory.load(from: root) }

    /// systemd's part: an agent that ends is started again, and a soft reboot is carried out. Ends when it is cancelled.
    func run() async {
        while !Task.isCancelled {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [root] in
                    var pace = AgentPace()
                    pace.retry = Backoff(from: .milliseconds(2), to: .milliseconds(20))
                    (pace.heartbeat, pace.wait) = (.milliseconds(20), 1)
                    let agent = Agent(
                        root: root, libvirtURI: "test://\(root.path("/test.xml"))", group: MultiThreadedEventLoopGroup.singleton, log: .silent,
                        pace: pace)
                    try? await agent.run()
                }
                group.addTask { [self] in
                    while !isRebooting, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
                }
                await group.next()
                group.cancelAll()
            }
            guard isRebooting else { continue }
            if stopsAtReboot.withLock({ $0 }) { return }
            if let memory { try? arrive(memory) }
        }
    }

    func forgetReboot() throws { try root.remove(Self.rebooting) }

    private func arrive(_ memory: UpgradeMemory) throws {
        try RootIdentity(root: memory.target, order: memory.order, isFallback: false).save(to: root)
        try forgetReboot()
    }
}
