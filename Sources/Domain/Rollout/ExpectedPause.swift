/// How long guests are expected to stand still.
package struct ExpectedPause: Codable, Sendable, Hashable {
    package var milliseconds: Int
    /// Where that comes from, in a person's words.
    package var source: String
    package init(milliseconds: Int, source: String) { (self.milliseconds, self.source) = (milliseconds, source) }
}

extension ExpectedPause: CustomStringConvertible {
    package var description: String { "\(PauseText.of(milliseconds: milliseconds)), \(source)" }
}

/// What is expected where nothing was measured, and for more memory than was measured. Documented in Documentation/Upgrades.md.
extension ExpectedPause {
    /// One kernel starting another, on hosts whose firmware is not asked; slow on purpose, so that nobody's limit is broken by a guess.
    package static let kernelGuess = 60_000
    /// Written out and read back, for each GiB.
    package static let savedGibibyte = 3_000
    /// The same on a disk that takes and gives some 100 MB a second.
    package static let savedGibibyteOnDisk = 20_000

    /// - Parameters:
    ///   - saved: bytes of guest memory that the method writes out.
    ///   - gibibyte: milliseconds for each GiB of them.
    package static func guess(saved: UInt64, gibibyte: Int = savedGibibyte) -> ExpectedPause {
        ExpectedPause(milliseconds: kernelGuess + time(saved, gibibyte), source: "a guess")
    }

    /// - Parameters:
    ///   - milliseconds, measuredBytes: of the last time.
    ///   - saved: bytes that are to be written out now.
    ///   - gibibyte: milliseconds for each GiB that was not measured.
    package static func measured(
        milliseconds: Int, measuredBytes: UInt64, saved: UInt64, gibibyte: Int = savedGibibyte, on host: String
    ) -> ExpectedPause {
        let more = saved > measuredBytes ? saved - measuredBytes : 0
        let (total, overflows) = max(0, milliseconds).addingReportingOverflow(time(more, gibibyte))
        let source = "as measured on \(host)" + (more >> 20 == 0 ? "" : ", and a guess for \(more >> 20) MiB more")
        return ExpectedPause(milliseconds: overflows ? .max : total, source: source)
    }

    private static func time(_ bytes: UInt64, _ gibibyte: Int) -> Int {
        // Whole mebibytes of at most an exbibyte: no product below comes near the end of numbers.
        Int(min(bytes >> 20, 1 << 40)) * gibibyte / 1024
    }
}
