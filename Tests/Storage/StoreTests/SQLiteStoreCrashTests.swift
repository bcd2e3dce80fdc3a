import Foundation
import Primitives
import Store
import TestSupport
import Testing

@Suite("A store whose process dies")
struct SQLiteStoreCrashTests {
    let directory: TemporaryDirectory
    static let strace = "/usr/bin/strace"

    init() throws { directory = try TemporaryDirectory() }

    /// The program lies beside the test program that the package's build made.
    private static var writer: String {
        get throws {
            let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(filePath: own).deletingLastPathComponent().appending(path: "StoreWriter").path
        }
    }

    /// What a writer printed until it was killed after `wanted` lines: number and revision.
    private func acknowledgements(_ wanted: Int, _ arguments: [String] = []) throws -> [[Substring]] {
        let child = Process()
        let output = Pipe()
        child.executableURL = URL(filePath: try Self.writer)
        child.arguments = [directory.path] + arguments
        child.standardOutput = output
        try child.run()
        var printed = Data()
        while printed.count(where: { $0 == UInt8(ascii: "\n") }) < wanted {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the writer ended by itself")
            printed += more
        }
        kill(child.processIdentifier, SIGKILL)
        printed += try output.fileHandleForReading.readToEnd() ?? Data()
        child.waitUntilExit()
        let acknowledged = String(decoding: printed, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
        try #require(acknowledged.count >= wanted)
        return acknowledged
    }

    @Test("by SIGKILL has every acknowledged write when it is opened again", arguments: [1, 7, 40, 200])
    func kill9(afterAcknowledgements wanted: Int) async throws {
        let acknowledged = try acknowledgements(wanted)
        let store = try SQLiteStore(directory: directory.path)
        for line in acknowledged {
            try #require(line.count == 2)
            let entry = try #require(try await store.get(try Key(parsing: "writes/\(line[0])")), "write \(line[0]) is lost")
            #expect(entry.text == "value \(line[0])")
            #expect(entry.modified.description == line[1])
        }
        // At most one more: committed, but killed before it was printed.
        #expect(try await store.currentRevision().rawValue <= UInt64(acknowledged.count) + 1)
    }

    @Test("by SIGKILL has every acknowledged lease when it is opened again", arguments: [1, 40, 400])
    func kill9WithLeases(afterAcknowledgements wanted: Int) async throws {
        let acknowledged = try acknowledgements(wanted, ["0", "leases"])
        let store = try SQLiteStore(directory: directory.path)
        let leases = Dictionary(try await store.leaseRecords().map { ($0.address, $0.value) }) { first, _ in first }
        for number in acknowledged.indices {
            let value = try #require(leases[IPv4Address(value: 0x0a00_0000 + UInt32(number))], "lease \(number) is lost")
            #expect(value == Array("value \(number)".utf8))
        }
        // At most one more: committed, but killed before it was printed.
        #expect(leases.count <= acknowledged.count + 1)
    }

    @Test(
        "has synchronized each commit once, before it was acknowledged",
        .enabled(if: FileManager.default.isExecutableFile(atPath: strace)), arguments: [[], ["leases"]])
    func synchronizations(_ kind: [String]) throws {
        let trace = "\(directory.path)/trace"
        let child = Process()
        child.executableURL = URL(filePath: Self.strace)
        child.arguments = ["-f", "-qq", "-e", "trace=fsync,fdatasync,write", "-e", "signal=none", "-o", trace]
        child.arguments? += [try Self.writer, "\(directory.path)/data", "50"] + kind
        child.standardOutput = FileHandle.nullDevice
        try child.run()
        child.waitUntilExit()
        try #require(child.terminationStatus == 0)

        var synchronizationsBefore: [Int] = []
        var count = 0
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            if line.contains("fdatasync(") || line.contains("fsync(") { count += 1 }
            if line.contains("write(1, ") {
                synchronizationsBefore.append(count)
                count = 0
            }
        }
        #expect(synchronizationsBefore.count == 50)
        // The first commit also makes the log and its header durable.
        #expect(synchronizationsBefore.first ?? 0 >= 1)
        #expect(synchronizationsBefore.dropFirst().allSatisfy { $0 == 1 }, "\(synchronizationsBefore)")
    }

    @Test(
        "names a failed synchronization an unknown outcome, which the same commit again settles",
        .enabled(if: FileManager.default.isExecutableFile(atPath: strace)))
    func failedSynchronization() async throws {
        let child = Process()
        let (output, errors) = (Pipe(), Pipe())
        child.executableURL = URL(filePath: Self.strace)
        // The fifteenth of the thread: well behind those of making the store.
        child.arguments = ["-f", "-qq", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO:when=15", "-o", "/dev/null"]
        child.arguments? += [try Self.writer, directory.path, "30"]
        child.standardOutput = output
        child.standardError = errors
        try child.run()
        let said = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let printed = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        child.waitUntilExit()
        #expect(child.terminationStatus == 0, "\(said)")
        #expect(said.split(separator: "\n").count(where: { $0.hasPrefix("unknown: ") }) == 1, "\(said)")
        #expect(printed.split(separator: "\n").count == 30)
        let store = try SQLiteStore(directory: directory.path)
        #expect(try await store.readAll(.under("writes")).entries.count == 30)
    }
}
