import FleetModel
import FoundationEssentials
import GRDB
import Journal
import Logging
import Primitives
import TestSupport
import Testing

/// A host id that a test can tell from others: `h-aaaaaaaaaaaaaaaX`.
func host(_ letter: String) throws -> HostID { try #require(HostID("h-aaaaaaaaaaaaaaa\(letter)")) }

func boot(_ letter: String) throws -> BootID { try #require(BootID("b-aaaaaaaaaaaaaaa\(letter)")) }

func event(_ name: String, host: HostID? = nil, boot: BootID? = nil) -> BootEvent {
    BootEvent(host: host, boot: boot, time: 1_700_000_000_000, source: .dhcp, name: name)
}

extension Journal {
    convenience init(_ directory: TemporaryDirectory, _ limits: JournalLimits = JournalLimits()) throws {
        try self.init(directory: directory.path, limits: limits, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func append(_ names: [String], host: HostID? = nil, boot: BootID? = nil) {
        for name in names { append(event(name, host: host, boot: boot)) }
    }

    func names(host: HostID? = nil, boot: BootID? = nil, after: Int64 = 0, limit: Int = 1000) async throws -> [String] {
        try await events(host: host, boot: boot, after: after, limit: limit).map(\.name)
    }
}

@Suite("The journal")
struct JournalTests {
    let directory: TemporaryDirectory
    var file: String { "\(directory.path)/journal.sqlite" }

    init() throws { directory = try TemporaryDirectory() }

    @Test("returns an event as it was appended, with its number")
    func roundTrip() async throws {
        let journal = try Journal(directory)
        // Whatever JSON must escape, and some that it need not.
        let hostile = String(String.UnicodeScalarView((0...0xFF).compactMap(Unicode.Scalar.init))) + "„\u{2028}\u{1F5A5}\\u0041"
        var expected = BootEvent(
            host: try host("a"), boot: try boot("b"), time: -5, source: .operator, name: "kernel-sent", detail: hostile,
            attributes: ["image.digest": "sha256:00", "": "", hostile: hostile])
        journal.append(expected)
        await journal.flush()
        expected.sequence = 1
        #expect(try await journal.events() == [expected])
    }

    @Test("gives events by host, by boot and by both, in order")
    func filters() async throws {
        let journal = try Journal(directory)
        let (a, b) = (try host("a"), try host("b"))
        let (x, y) = (try boot("x"), try boot("y"))
        journal.append(["1"], host: a, boot: x)
        journal.append(["2"], host: b, boot: x)
        journal.append(["3"], host: a, boot: y)
        journal.append(["4"])
        journal.append(["5"], host: a, boot: x)
        await journal.flush()
        #expect(try await journal.names() == ["1", "2", "3", "4", "5"])
        #expect(try await journal.names(host: a) == ["1", "3", "5"])
        #expect(try await journal.names(boot: x) == ["1", "2", "5"])
        #expect(try await journal.names(host: a, boot: x) == ["1", "5"])
        #expect(try await journal.names(host: b, boot: y) == [])
        #expect(try await journal.newest(host: a, limit: 2).map(\.name) == ["3", "5"])
    }

    @Test("pages by sequence", arguments: [1, 2, 3, 10])
    func pages(_ limit: Int) async throws {
        let journal = try Journal(directory)
        journal.append((1...7).map(String.init))
        await journal.flush()
        var (found, after): ([String], Int64) = ([], 0)
        while let last = try await journal.events(after: after, limit: limit).last {
            found += try await journal.names(after: after, limit: limit)
            after = last.sequence
        }
        #expect(found == (1...7).map(String.init))
    }

    @Test("keeps the newest of each host, and of those without one")
    func boundedPerHost() async throws {
        let (a, b) = (try host("a"), try host("b"))
        let journal = try Journal(directory, JournalLimits(eventsPerHost: 3))
        for round in 0..<5 {
            journal.append(["\(round)"], host: a)
            journal.append(["x\(round)"])
            if round == 0 { journal.append(["only"], host: b) }
            await journal.flush()
        }
        journal.append(["5", "6"], host: a)
        await journal.flush()
        #expect(try await journal.names(host: a) == ["4", "5", "6"])
        #expect(try await journal.names(host: b) == ["only"])
        #expect(try await journal.names() == ["only", "x2", "x3", "4", "x4", "5", "6"])
    }

    @Test("keeps the newest in all, and still counts each host right")
    func boundedInAll() async throws {
        let (a, b) = (try host("a"), try host("b"))
        let journal = try Journal(directory, JournalLimits(eventsPerHost: 3, eventsInAll: 4))
        journal.append(["1", "2", "3"], host: a)
        journal.append(["4", "5", "6"], host: b)
        await journal.flush()
        #expect(try await journal.names() == ["3", "4", "5", "6"])
        journal.append(["7", "8"], host: a)
        await journal.flush()
        #expect(try await journal.names() == ["5", "6", "7", "8"])
        journal.append(["9", "10"], host: a)
        await journal.flush()
        #expect(try await journal.names() == ["6", "8", "9", "10"])
    }

    @Test("drops and counts what does not fit its buffer, and takes more once that is written")
    func fullBuffer() async throws {
        let journal = try Journal(directory, JournalLimits(bufferedEvents: 3))
        journal.append(["1", "2", "3", "4", "5"])
        #expect(journal.dropped == 2)
        await journal.flush()
        journal.append(["6"])
        await journal.flush()
        #expect(try await journal.names() == ["1", "2", "3", "6"])
        #expect(journal.dropped == 2)
    }

    @Test("cuts an event that is too large, and keeps what identifies it")
    func oversized() async throws {
        let journal = try Journal(directory, JournalLimits(eventBytes: 1000))
        var large = event("console", host: try host("a"), boot: try boot("b"))
        large.detail = String(repeating: "\u{1}", count: 100_000)
        large.attributes = ["more": String(repeating: "x", count: 100_000)]
        journal.append(large)
        await journal.flush()
        let found = try #require(try await journal.events().first)
        #expect((found.host, found.boot, found.name) == (large.host, large.boot, "console"))
        #expect(found.detail == String(repeating: "\u{1}", count: 125))
        #expect(found.attributes == ["truncated": "true"])
    }

    @Test("never gives a number twice, also when everything was forgotten and the file was closed")
    func sequences() async throws {
        let first = try Journal(directory, JournalLimits(eventsInAll: 1))
        first.append(["1", "2"])
        await first.flush()
        try first.close()
        try edit("DELETE FROM event")
        let second = try Journal(directory)
        second.append(["3"])
        await second.flush()
        #expect(try await second.events().map(\.sequence) == [3])
    }

    @Test("counts anew what it finds when it is opened")
    func reopen() async throws {
        let a = try host("a")
        let first = try Journal(directory)
        first.append(["1", "2", "3"], host: a)
        await first.flush()
        try first.close()
        let second = try Journal(directory, JournalLimits(eventsPerHost: 3))
        second.append(["4"], host: a)
        await second.flush()
        #expect(try await second.names() == ["2", "3", "4"])
    }

    @Test("passes over a row that does not parse")
    func damagedRow() async throws {
        let first = try Journal(directory)
        first.append(["1", "2", "3"])
        await first.flush()
        try first.close()
        try edit("UPDATE event SET body = x'00' WHERE sequence IN (1, 3)")
        let second = try Journal(directory)
        #expect(try await second.names() == ["2"])
    }

    @Test(
        "leaves another program's file, a text and a later release's file alone",
        arguments: [
            "CREATE TABLE theirs (a)", "PRAGMA application_id = 7", "PRAGMA application_id = \(0x4245_4E4A); PRAGMA user_version = 9",
        ])
    func foreign(_ sql: String) throws {
        try edit(sql)
        let before = try Data(contentsOf: URL(filePath: file))
        #expect { try Journal(directory) } throws: { error in
            switch error as? JournalError {
            case .notAJournal(path: file, found: _), .newerSchema(path: file, found: 9, known: 1): true
            default: false
            }
        }
        #expect(try Data(contentsOf: URL(filePath: file)) == before)
    }

    @Test("leaves a file that is no database alone")
    func noDatabase() throws {
        let content = Data(String(repeating: "text ", count: 400).utf8)
        try content.write(to: URL(filePath: file))
        #expect { try Journal(directory) } throws: { error in
            if case .notAJournal = error as? JournalError { true } else { false }
        }
        #expect(try Data(contentsOf: URL(filePath: file)) == content)
    }

    private func edit(_ sql: String) throws {
        let queue = try DatabaseQueue(path: file)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }
}
