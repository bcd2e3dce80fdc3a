import FleetModel
import Journal
import TestSupport
import Testing

@Suite("The journal's run", .timeLimit(.minutes(1)))
struct JournalRunTests {
    let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test("writes what is appended, and a follower hears of it")
    func follow() async throws {
        let journal = try Journal(directory)
        let run = Task { try await journal.run() }
        let follower = Task { try await Self.names(of: journal.follow(after: 0), count: 50) }
        for number in 0..<50 {
            journal.append(["\(number)"])
            await Task.yield()
        }
        #expect(try await follower.value == (0..<50).map(String.init))
        run.cancel()
        try await run.value
    }

    @Test("a follower of one boot hears of no other, and begins behind its number")
    func followOne() async throws {
        let journal = try Journal(directory)
        let (x, y) = (try boot("x"), try boot("y"))
        journal.append(["1"], boot: x)
        journal.append(["2"], boot: y)
        journal.append(["3", "4"], boot: x)
        await journal.flush()
        #expect(try await Self.names(of: journal.follow(boot: x, after: 1), count: 2) == ["3", "4"])
    }

    @Test("writes what is left when it is cancelled, and returns")
    func cancel() async throws {
        let journal = try Journal(directory)
        journal.append((0..<3000).map(String.init))
        let run = Task {
            while !Task.isCancelled { await Task.yield() }
            try await journal.run()
        }
        run.cancel()
        try await run.value
        #expect(try await journal.newest(limit: 1).map(\.name) == ["2999"])
        #expect(try await journal.events(after: 2999).count == 1)
    }

    @Test("writes what came too late to wake it")
    func lateAppend() async throws {
        let journal = try Journal(directory)
        let run = Task { try await journal.run() }
        run.cancel()
        try await run.value
        journal.append(["late"])
        try await journal.run()
        #expect(try await journal.names() == ["late"])
    }

    @Test("loses and repeats nothing when threads append while it and a flush write")
    func concurrent() async throws {
        let journal = try Journal(directory)
        let run = Task { try await journal.run() }
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<250 { journal.append(["\(writer) \(number)"]) }
                    await journal.flush()
                }
            }
        }
        run.cancel()
        try await run.value
        let names = try await journal.names()
        #expect(journal.dropped == 0)
        #expect(names.count == 1000)
        for writer in 0..<4 {
            #expect(names.filter { $0.hasPrefix("\(writer) ") } == (0..<250).map { "\(writer) \($0)" })
        }
    }

    @Test("a follower ends when the journal closes, and what comes later is dropped and counted")
    func close() async throws {
        let journal = try Journal(directory)
        var waiting = journal.follow(after: 0).makeAsyncIterator()
        journal.append(["1"])
        await journal.flush()
        #expect(try await waiting.next()?.map(\.name) == ["1"])
        try journal.close()
        journal.append(["2"])
        await journal.flush()
        #expect(journal.dropped == 1)
        await #expect(throws: JournalError.self) { try await journal.events() }
    }

    private static func names(of events: EventSequence, count: Int) async throws -> [String] {
        var found: [String] = []
        for try await batch in events {
            found += batch.map(\.name)
            if found.count >= count { break }
        }
        return found
    }
}
