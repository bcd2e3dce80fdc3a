import Foundation
import NIOCore

/// What the system lets this process use, taken in full.
enum ProcessLimits {
    /// Before the first connection. A connection takes one descriptor and a download two: systemd's soft limit of 1024 is for programs that
    /// use select(2), the hard one is what a service may have. Event loops are as many as the processors that this process may run on: NIO
    /// counts those of the computer, and loops that share a processor only wait for each other's locks.
    static func prepare() {
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            limit.rlim_cur = limit.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        NIOSingletons.groupLoopCountSuggestion = processors
    }

    /// Processors that are there and that this process may run on (proc_pid_status(5), `Cpus_allowed`, which may also count those that are not).
    static var processors: Int {
        let present = max(1, ProcessInfo.processInfo.activeProcessorCount)
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") })
        else { return present }
        let allowed = line.dropFirst("Cpus_allowed:".count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
        return allowed > 0 ? min(allowed, present) : present
    }
}
