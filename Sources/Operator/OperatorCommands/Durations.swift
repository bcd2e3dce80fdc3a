import Foundation

/// Times and sizes as people read them.
enum Readable {
    /// `+0.000`, `+83.512`: seconds since the boot began, from milliseconds.
    static func offset(_ milliseconds: Int64) -> String {
        let fraction = String(1000 + abs(milliseconds) % 1000).dropFirst()
        return "\(milliseconds < 0 ? "-" : "+")\(abs(milliseconds) / 1000).\(fraction)"
    }

    /// `12s`, `5m`, `3h`, `9d` before `now`; both milliseconds since 1970.
    static func age(_ time: Int64?, now: Int64) -> String {
        guard let time else { return "-" }
        let seconds = max(0, (now - time) / 1000)
        switch seconds {
        case ..<120: return "\(seconds)s"
        case ..<7200: return "\(seconds / 60)m"
        case ..<172_800: return "\(seconds / 3600)h"
        default: return "\(seconds / 86400)d"
        }
    }

    /// `144.7 MB`: powers of ten, as disks and networks count.
    static func bytes(_ count: Int64) -> String {
        switch count {
        case ..<10_000: "\(count) B"
        case ..<10_000_000: "\(count / 1000) kB"
        default: "\(count / 1_000_000).\(count / 100_000 % 10) MB"
        }
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}
