import Foundation
import TestSupport
import Testing

private let valgrind = "/usr/bin/valgrind"

/// What an exchange costs in instructions of ours, which callgrind counts alike on every computer and under every load; time is not repeatable.
@Suite(.enabled(if: FileManager.default.isExecutableFile(atPath: valgrind), "valgrind is not installed"))
struct InstructionCountTests {
    /// Of a debug build, for DISCOVER, OFFER, REQUEST and ACK with the lease made durable, the load's own included; about a tenth above what
    /// was measured. Whoever makes an exchange dearer says so here; a release build takes a fraction of it (Documentation/Performance.md).
    static let limit = 900_000

    @Test("A four-way exchange costs no more instructions than it did")
    func exchange() throws {
        let directory = try TemporaryDirectory()
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "DHCPExchanges").path
        // valgrind cannot read the debug information that Swift writes.
        let stripped = directory.path + "/DHCPExchanges"
        try #require(try Self.run("/usr/bin/strip", ["--strip-debug", "-o", stripped, program]).status == 0)
        func instructions(for exchanges: Int) throws -> Int {
            let file = directory.path + "/callgrind.\(exchanges)"
            let result = try Self.run(valgrind, ["--tool=callgrind", "--callgrind-out-file=\(file)", stripped, "\(exchanges)", "32"])
            try #require(result.status == 0, "\(result.output)")
            let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
            let summary = try #require(lines.first { $0.hasPrefix("summary:") || $0.hasPrefix("totals:") })
            return try #require(summary.split(separator: " ").last.flatMap { Int($0) })
        }
        // The difference has no start and no end of the program in it.
        let (few, many) = (try instructions(for: 32), try instructions(for: 128))
        let each = (many - few) / 96
        print("instructions per four-way exchange: \(each)")
        #expect(each < Self.limit, "was less than \(Self.limit)")
        #expect(each > 10_000, "the exchanges must have taken place")
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, output)
    }
}
