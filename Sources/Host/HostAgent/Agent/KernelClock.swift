import Glibc

/// Seconds since the kernel started, sleep included: what /proc/uptime shows, without its two decimals.
enum KernelClock {
    static var now: Double {
        var time = timespec()
        guard clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
