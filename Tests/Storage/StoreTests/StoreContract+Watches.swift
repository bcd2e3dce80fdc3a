import Store
import Testing

extension ContractCheck {
    static let watches: [ContractCheck] = [
        ContractCheck("a watch tells the past since its revision, in order") { subject async throws in
            let start = try await subject.put("w/a", "1")
            try await subject.put("w/a", "2")
            try await subject.put("other", "x")
            try await subject.delete("w/a")
            let iterator = subject.store.changes(.under("w"), after: start).makeAsyncIterator()
            #expect(try await lines(iterator, count: 2) == ["w/a=2@2", "w/a deleted@4"])
        },
        ContractCheck("a watch tells what is committed while it waits") { subject async throws in
            let store = subject.store
            let watcher = Task { try await lines(store.changes(.under("w"), after: .zero).makeAsyncIterator(), count: 30) }
            var expected: [String] = []
            for number in 1...30 {
                try await subject.put("w/k", "\(number)")
                expected.append("w/k=\(number)@\(number)")
            }
            #expect(try await watcher.value == expected)
        },
        ContractCheck("a batch never splits a revision") { subject async throws in
            let store = subject.store
            for round in 0..<20 {
                let batch = try (0..<64).map { Transaction.create(try Key(parsing: "b/\(round)/\($0)"), [1]) }
                _ = try await store.commit(batch)
            }
            var iterator = store.changes(.all, after: .zero).makeAsyncIterator()
            var counts: [Revision: Int] = [:]
            while counts.count < 20 {
                let batch = try #require(try await iterator.next())
                for change in batch.changes {
                    #expect(change.revision <= batch.revision)
                    counts[change.revision, default: 0] += 1
                }
                #expect(batch.changes.allSatisfy { counts[$0.revision] == 64 })
            }
        },
        ContractCheck("a snapshot and the watch after it make the present") { subject async throws in
            try await subject.put("s/a", "1")
            let snapshot = try await subject.store.readAll(.under("s"))
            try await subject.put("s/b", "2")
            var iterator = subject.store.changes(.under("s"), after: snapshot.revision).makeAsyncIterator()
            let batch = try #require(try await iterator.next())
            #expect(snapshot.lines + batch.lines == ["s/a=1", "s/b=2@2"])
            #expect(batch.revision == Revision(rawValue: 2))
        },
        ContractCheck("a watch from before the history is refused by name", historyLimit: 3) { subject async throws in
            for number in 1...10 { try await subject.put("a", "\(number)") }
            var iterator = subject.store.changes(.all, after: Revision(rawValue: 6)).makeAsyncIterator()
            await #expect(throws: StoreError.compacted(oldest: Revision(rawValue: 7))) { try await iterator.next() }
            var later = subject.store.changes(.all, after: Revision(rawValue: 7)).makeAsyncIterator()
            #expect(try await later.next()?.lines.count == 3)
        },
        ContractCheck("a watch from a revision of the future is refused by name") { subject async throws in
            var iterator = subject.store.changes(.all, after: Revision(rawValue: 9)).makeAsyncIterator()
            await #expect(throws: StoreError.notReached(Revision(rawValue: 9), current: .zero)) { try await iterator.next() }
        },
        ContractCheck("a cancelled watch ends") { subject async throws in
            let store = subject.store
            let watcher = Task {
                var count = 0
                for try await _ in store.changes(.all, after: .zero) { count += 1 }
                return count
            }
            watcher.cancel()
            #expect(try await watcher.value == 0)
        },
    ]
}

/// The first changes of a watch, as lines.
private func lines(_ iterator: ChangeSequence.Iterator, count: Int) async throws -> [String] {
    var iterator = iterator
    var found: [String] = []
    while found.count < count, let batch = try await iterator.next() { found += batch.lines }
    return found
}
