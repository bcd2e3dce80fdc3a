import Glibc

/// One process for all time since the computer started: a pid alone is used again.
package struct ProcessIdentity: Codable, Hashable, Sendable {
    package let pid: Int32
    /// Clock ticks from the computer's start to the process's (field 22 of `/proc/PID/stat`).
    package let startTime: UInt64
}

/// What Linux tells about processes in `/proc` (proc(5)).
enum ProcessTable {
    struct Status: Equatable {
        let identity: ProcessIdentity
        let state: UInt8
        let parent: Int32
        /// User and system time together, in clock ticks.
        let processorTicks: UInt64

        /// Ended, though its parent has not asked how yet.
        var isDead: Bool { state == UInt8(ascii: "Z") || state == UInt8(ascii: "X") }
    }

    static func status(_ pid: Int32) -> Status? {
        SmallFile.text("/proc/\(pid)/stat").flatMap { parse($0, pid: pid) }
    }

    /// `pid (command) state …`; the command may itself hold parentheses and spaces, so fields count from the last `)`.
    static func parse(_ text: String, pid: Int32) -> Status? {
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(separator: " ")
        guard fields.count > 19, let state = fields[0].utf8.first, let parent = Int32(fields[1]) else { return nil }
        guard let user = UInt64(fields[11]), let system = UInt64(fields[12]), let start = UInt64(fields[19]) else { return nil }
        return Status(
            identity: ProcessIdentity(pid: pid, startTime: start), state: state, parent: parent, processorTicks: user &+ system)
    }

    static func isRunning(_ identity: ProcessIdentity) -> Bool {
        guard let status = status(identity.pid) else { return false }
        return status.identity == identity && !status.isDead
    }

    static func arguments(_ pid: Int32) -> [String] {
        (SmallFile.read("/proc/\(pid)/cmdline") ?? []).split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    static func pids() -> [Int32] {
        guard let directory = opendir("/proc") else { return [] }
        defer { closedir(directory) }
        var found: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if let pid = Int32(name) { found.append(pid) }
        }
        return found
    }

    /// The QEMU processes whose `-name` begins with `marker`, by that name.
    static func hypervisors(marked marker: String) -> [String: ProcessIdentity] {
        var found: [String: ProcessIdentity] = [:]
        for pid in pids() {
            guard let name = hypervisorName(arguments(pid)), name.hasPrefix(marker) else { continue }
            if let status = status(pid), !status.isDead { found[name] = status.identity }
        }
        return found
    }

    static func hypervisorName(_ arguments: [String]) -> String? {
        // `ip netns exec` becomes QEMU by exec, so the program's name is always first.
        guard let program = arguments.first?.split(separator: "/").last, program.hasPrefix("qemu-system-") else { return nil }
        guard let option = arguments.firstIndex(of: "-name"), option + 1 < arguments.count else { return nil }
        return arguments[option + 1]
    }

    /// Everything that runs in the network namespace which `path` names.
    static func processes(inNamespace path: String) -> [ProcessIdentity] {
        var wanted = stat()
        guard stat(path, &wanted) == 0 else { return [] }
        return pids().compactMap { pid in
            var own = stat()
            guard stat("/proc/\(pid)/ns/net", &own) == 0, own.st_ino == wanted.st_ino, own.st_dev == wanted.st_dev else { return nil }
            return status(pid).flatMap { $0.isDead ? nil : $0.identity }
        }
    }

    /// This process and those above it.
    static func ownLineage() -> Set<Int32> {
        var lineage: Set<Int32> = []
        var pid = getpid()
        while pid > 0, lineage.insert(pid).inserted, let status = status(pid) { pid = status.parent }
        return lineage
    }

    /// Asks all to end, insists after `patience`, returns when they are gone. Each is looked at again right before each signal.
    static func end(_ processes: [ProcessIdentity], patience: Duration) async throws(RackError) {
        for (signal, limit) in [(SIGTERM, patience), (SIGKILL, .seconds(10))] {
            for process in processes where isRunning(process) { kill(process.pid, signal) }
            if await poll(for: limit, until: { !processes.contains(where: isRunning) }) { return }
        }
        if let stuck = processes.first(where: isRunning) { throw .processRemains(pid: stuck.pid) }
    }

    /// Looks every 20 ms until the condition holds (`true`) or the time is over.
    static func poll(for limit: Duration, until condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return true
    }
}
