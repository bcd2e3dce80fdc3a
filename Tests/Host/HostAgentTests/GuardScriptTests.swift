import Foundation
import HostAgent
import Synchronization
import Testing

/// The initrd's guard as it is in an image, run by busybox, and the agent's side of it. Only what would change this computer's kernel, its mounts or
/// its state, or would sleep, is written down instead; and time is what a pipe says.
@Suite("The initrd's guard and the agent agree who acts", .timeLimit(.minutes(2)))
struct GuardScriptTests {
    private static let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Workshop/ImageBuilder/Resources/initrd-guard.sh")

    /// A guard, until it ends by itself.
    private final class Guard: Sendable {
        let host: TemporaryRoot
        private let process = Mutex(Process())
        private let ended: AsyncStream<Void>

        init(_ way: String, deadline: Int, files: [String: String]) throws {
            host = try TemporaryRoot()
            let directory = "/run/bennu/return"
            try host.put(
                "\(directory)/busybox",
                """
                #!/bin/sh
                case $1 in
                sleep | umount | sync | mount) exit ;;
                mv) [ "$2" != armed ] || while [ -e undecided ]; do : > deciding; /usr/bin/busybox usleep 2000; done ;;
                reboot | wget) echo "$1" >> trace; exit ;;
                chroot)
                    program=${3##*/}
                    shift 3
                    echo "$program $1 $2" >> trace
                    [ "$1" = -e ] && [ -e cannot-start ] && exit 1
                    [ "$1" != -e ] || [ "$PPID" = 1 ] || kill -9 "$PPID"
                    [ "$1" = stand ] && [ -e cannot-stand ] && exit 1
                    exit 0
                    ;;
                esac
                exec /usr/bin/busybox "$@"

                """, mode: 0o755)
            try host.put("\(directory)/guard.sh", try String(contentsOf: GuardScriptTests.script, encoding: .utf8))
            try host.put("\(directory)/former/sys/kernel/kexec_crash_size", "0\n")
            try host.put("/run/bennu/memory/former/command-line", "quiet\n")
            for (name, text) in files { try host.put("\(directory)/\(name)", text) }
            try host.root.makeDirectory("\(directory)/proc", mode: 0o755)
            guard Self.makePipe(host.root.path("\(directory)/proc/uptime")) else { throw CocoaError(.fileWriteUnknown) }
            let (ended, end) = AsyncStream.makeStream(of: Void.self)
            self.ended = ended
            let (path, arguments) = (host.root.path(directory), ["sh", "./guard.sh", way, "\(deadline)"])
            try process.withLock { process in
                process.executableURL = URL(filePath: "/bin/sh")
                process.arguments = ["-c", "exec /usr/bin/busybox \"$@\" 3>marks", "sh"] + arguments
                process.currentDirectoryURL = URL(filePath: path)
                process.terminationHandler = { _ in end.finish() }
                try process.run()
            }
        }

        private var time: String { host.root.path("/run/bennu/return/proc/uptime") }

        /// Each look has a pipe of its own, so that an answer is one look's.
        private static func makePipe(_ time: String) -> Bool { mkfifo(time + ".next", 0o600) == 0 && rename(time + ".next", time) == 0 }

        func exists(_ name: String) -> Bool { host.root.exists("/run/bennu/return/\(name)") }
        func read(_ name: String) -> [String] {
            ((try? host.text("/run/bennu/return/\(name)")) ?? "").split(separator: "\n").map(String.init)
        }

        /// The guard's next look at the time gets this answer, in seconds; returns when it has looked.
        /// - Returns: false when it looks no more.
        func tell(_ seconds: Int) async -> Bool {
            while process.withLock({ $0.isRunning }) {
                let pipe = open(time, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                guard pipe >= 0 else {
                    await Task.yield()
                    continue
                }
                defer { close(pipe) }
                let text = Array("\(seconds).00 1.00\n".utf8)
                return Self.makePipe(time) && write(pipe, text, text.count) == text.count
            }
            return false
        }

        /// Tells the time for as long as anybody asks.
        func end(at time: Int) async {
            while await tell(time) {}
            for await _ in ended {}
        }
    }

    @Test("nobody takes hold: at the deadline the former system is started, and not before")
    func deadline() async throws {
        let way = try Guard("return", deadline: 5, files: ["arming": ""])
        for time in [100, 101, 104] { #expect(await way.tell(time)) }
        #expect(way.exists("armed") && !way.read("trace").contains("kexec -e "))
        await way.end(at: 105)
        #expect(way.read("trace").contains("kexec -e "))
        #expect(way.read("../memory/former/reason") == ["no guest went on within 5 s"])
    }

    @Test("an agent that takes hold keeps the former system loaded past the deadline, until it lets go", arguments: [true, false])
    func held(goesBack: Bool) async throws {
        let way = try Guard("return", deadline: 5, files: ["arming": ""])
        #expect(await way.tell(100))
        #expect(WayBack(root: way.host.root).hold())
        for time in [110, 111, 112] { #expect(await way.tell(time)) }
        #expect(way.exists("held") && !way.read("trace").contains { ["kexec -e ", "kexec -u "].contains($0) }, "\(way.read("trace"))")
        if goesBack {
            try way.host.put("/run/bennu/return/held", "no guest can go on\n")
            #expect(rename(way.host.root.path("/run/bennu/return/held"), way.host.root.path("/run/bennu/return/back")) == 0)
        } else {
            WayBack(root: way.host.root).close()
        }
        await way.end(at: 113)
        #expect(way.read("trace").contains("kexec -e ") == goesBack && way.read("trace").contains("kexec -u ") == !goesBack)
        if goesBack { #expect(way.read("../memory/former/reason") == ["no guest can go on"]) }
    }

    @Test("the agent takes hold after the guard has found its time over, and before it acts: then it does not act")
    func betweenLookAndAct() async throws {
        let way = try Guard("return", deadline: 0, files: ["arming": "", "undecided": ""])
        for _ in 0..<2 { #expect(await way.tell(100)) }
        while !way.exists("deciding") { await Task.yield() }
        #expect(WayBack(root: way.host.root).hold())
        try way.host.root.remove("/run/bennu/return/undecided")
        for _ in 0..<2 { #expect(await way.tell(100)) }
        #expect(way.exists("held") && !way.read("trace").contains { ["kexec -e ", "kexec -u "].contains($0) }, "\(way.read("trace"))")
        WayBack(root: way.host.root).close()
        await way.end(at: 100)
    }

    @Test("agent and guard in the same moment: one of them acts, and what the agent holds stays loaded", arguments: 0..<30)
    func sameMoment(round: Int) async throws {
        let way = try Guard("return", deadline: 0, files: ["arming": ""])
        #expect(await way.tell(100))
        // The next answer sends it off; the agent comes a little before or after.
        let agent = Task {
            for _ in 0..<(round * 200) { await Task.yield() }
            return WayBack(root: way.host.root).hold()
        }
        _ = await way.tell(100)
        let holds = await agent.value
        if holds {
            // It looks on: so it has neither gone nor left, and the kernel is loaded.
            for _ in 0..<2 { #expect(await way.tell(100)) }
            #expect(!way.read("trace").contains { ["kexec -e ", "kexec -u "].contains($0) }, "\(way.read("trace"))")
            WayBack(root: way.host.root).close()
        }
        await way.end(at: 100)
        #expect(way.read("trace").contains("kexec -e ") != holds)
    }

    @Test("guests that have gone on stand once more before the former system is started; when they cannot, they go on", arguments: [true, false])
    func standOnceMore(canStand: Bool) async throws {
        let files = ["arming": "", "gone-on": ""].merging(canStand ? [:] : ["cannot-stand": ""]) { $1 }
        let way = try Guard("return", deadline: 5, files: files)
        #expect(await way.tell(100))
        await way.end(at: 105)
        let trace = way.read("trace")
        let stood = try #require(trace.firstIndex(of: "bennu-agent stand "))
        #expect(trace.firstIndex(of: "kexec -e ").map { $0 > stood } == (canStand ? true : nil), "\(trace)")
        #expect(way.read("../memory/former/reason") == ["no agent came up within 5 s"])
        #expect(way.exists("closed") == !canStand)
    }

    @Test("guests that stand once more for a kernel that does not start go on again")
    func goOnAgain() async throws {
        let way = try Guard("return", deadline: 5, files: ["arming": "", "gone-on": "", "cannot-start": ""])
        #expect(await way.tell(100))
        await way.end(at: 105)
        #expect(
            way.read("trace").filter { !$0.hasPrefix("kexec -s") && !$0.hasSuffix("-u") && !$0.hasPrefix("kexec -u") && !$0.hasPrefix("kexec -p") }
                == ["bennu-agent stand ", "kexec -e ", "bennu-agent stand --undo"], "\(way.read("trace"))")
        #expect(way.exists("closed"))
    }

    @Test("what the initrd cannot do is gone back from at once")
    func atOnce() async throws {
        let way = try Guard("return", deadline: 600, files: ["arming": "", "at-once": "no root\n"])
        await way.end(at: 100)
        #expect(way.read("trace").contains("kexec -e ") && way.read("../memory/former/reason") == ["no root"])
    }

    @Test("a system whose agent does not come up is started anew, and one whose agent does is not", arguments: [true, false])
    func reset(comesUp: Bool) async throws {
        let way = try Guard("reset", deadline: 5, files: [:])
        #expect(await way.tell(100))
        #expect(await way.tell(104))
        if comesUp { WayBack(root: way.host.root).showLife() }
        await way.end(at: 106)
        #expect(way.read("trace").contains("reboot") == !comesUp)
        #expect(way.exists("alive") == comesUp && way.exists("resetting") == !comesUp && !way.exists("waiting"))
    }
}
