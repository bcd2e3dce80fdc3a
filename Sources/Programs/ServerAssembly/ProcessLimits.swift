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
        NIOSingletons.groupLoopCountSuggestion = max(1, ProcessInfo.processInfo.activeProcessorCount)
    }
}
