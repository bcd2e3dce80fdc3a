/// Amounts with their unit.
enum Quantities {
    static let sizeExpectation = "a size like 512MiB or 2GiB"
    static let durationExpectation = "a time like 30m, 1h or 3600s"

    /// Mebibytes: `256MiB`, `2GiB`, `1TiB`. At most 1 PiB, at least 1 MiB.
    static func mebibytes(_ text: String) -> Int? {
        let units = ["MiB": 1, "GiB": 1 << 10, "TiB": 1 << 20]
        guard let factor = units[String(text.suffix(3))], let number = number(text.dropLast(3)) else { return nil }
        let (total, overflow) = number.multipliedReportingOverflow(by: factor)
        return !overflow && (1...1 << 30).contains(total) ? total : nil
    }

    /// The shortest text that `mebibytes` reads as this.
    static func text(mebibytes: Int) -> String {
        if mebibytes % (1 << 20) == 0 { return "\(mebibytes >> 20)TiB" }
        return mebibytes % (1 << 10) == 0 ? "\(mebibytes >> 10)GiB" : "\(mebibytes)MiB"
    }

    /// Seconds: `3600s`, `30m`, `1h`, `7d`. From ten seconds to a year: less would keep hosts busy renewing, more is never taken back.
    static func seconds(_ text: String) -> UInt32? {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last, let factor = units[unit], let number = number(text.dropLast()) else { return nil }
        let (total, overflow) = number.multipliedReportingOverflow(by: factor)
        return !overflow && (10...365 * 86_400).contains(total) ? UInt32(total) : nil
    }

    static let pauseExpectation = "a time like 500ms, 30s or 2m, or 0 for a guest that must never pause"

    /// Milliseconds: `0`, `500ms`, `30s`, `2m`, `1h`. At most a day.
    static func pause(_ text: String) -> Int? {
        if text == "0" { return 0 }
        let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)]
        guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }), let number = number(text.dropLast(unit.count)) else { return nil }
        let (total, overflow) = number.multipliedReportingOverflow(by: factor)
        return !overflow && (0...86_400_000).contains(total) ? total : nil
    }

    static let shutdownExpectation = "a time from 1s to 30m"

    /// Seconds: `10s`, `5m`. From one to half an hour.
    static func shutdown(_ text: String) -> Int? {
        guard !text.hasSuffix("ms"), let milliseconds = pause(text), (1_000...1_800_000).contains(milliseconds) else { return nil }
        return milliseconds / 1000
    }

    /// Permission bits in octal: `0644`, `755`.
    static func permissions(_ text: String) -> UInt16? {
        guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ (48...55).contains($0) }) else { return nil }
        return UInt16(text, radix: 8)
    }

    private static func number(_ digits: Substring) -> Int? {
        guard (1...12).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(digits)
    }
}
