import Store
import Testing

extension ContractCheck {
    static let commits: [ContractCheck] = [
        ContractCheck("a new store is at revision 0 and empty") { subject async throws in
            #expect(try await subject.store.currentRevision() == .zero)
            #expect(try await subject.store.readAll(.all).entries.isEmpty)
        },
        ContractCheck("a created key is there, made and modified at the commit's revision") { subject async throws in
            let revision = try await subject.put("a/b", "one")
            #expect(revision.rawValue == 1)
            let entry = try await subject.store.get("a/b")
            #expect(entry == Entry(key: "a/b", value: Array("one".utf8), created: revision, modified: revision))
        },
        ContractCheck("a replaced key keeps the revision that made it") { subject async throws in
            let first = try await subject.put("a", "one")
            let second = try await subject.put("a", "two")
            let entry = try #require(try await subject.store.get("a"))
            #expect((entry.created, entry.modified, entry.text) == (first, second, "two"))
        },
        ContractCheck("a deleted key that is put again is new") { subject async throws in
            try await subject.put("a", "one")
            try await subject.delete("a")
            #expect(try await subject.store.get("a") == nil)
            let again = try await subject.put("a", "two")
            #expect(try await subject.store.get("a")?.created == again)
        },
        ContractCheck("an empty value is a value") { subject async throws in
            try await subject.put("a", "")
            #expect(try await subject.store.get("a")?.value == [])
        },
        ContractCheck("absent conflicts with what is there, and shows it") { subject async throws in
            try await subject.put("a", "one")
            let current = try await subject.store.get("a")
            let outcome = try await subject.store.commit(.create("a", [2]))
            #expect(outcome == .conflict("a", current: current))
            #expect(try await subject.store.currentRevision().rawValue == 1)
        },
        ContractCheck("unchanged conflicts with a later change, and with a deleted key") { subject async throws in
            try await subject.put("a", "one")
            let old = try #require(try await subject.store.get("a"))
            try await subject.put("a", "two")
            let current = try await subject.store.get("a")
            #expect(try await subject.store.commit(.replace(old, with: [3])) == .conflict("a", current: current))
            try await subject.delete("a")
            #expect(try await subject.store.commit(.replace(old, with: [3])) == .conflict("a", current: nil))
        },
        ContractCheck("one false condition among true ones stops every write") { subject async throws in
            try await subject.put("a", "one")
            let outcome = try await subject.store.commit(
                Transaction(if: [.absent("b"), .absent("a")], then: [.put("b", [1]), .put("c", [1])]))
            guard case .conflict("a", current: _?) = outcome else { throw Unexpected(outcome) }
            #expect(try await subject.store.readAll(.all).lines == ["a=one"])
        },
        ContractCheck("transactions of a batch share a revision and succeed or fail apart") { subject async throws in
            try await subject.put("taken", "x")
            let outcomes = try await subject.store.commit([.create("a", [97]), .create("taken", [98]), .create("c", [99])])
            let revision = Revision(rawValue: 2)
            let taken = try await subject.store.get("taken")
            #expect(outcomes == [.committed(revision), .conflict("taken", current: taken), .committed(revision)])
            #expect(try await subject.store.readAll(.all).lines == ["a=a", "c=c", "taken=x"])
        },
        ContractCheck("what changes nothing makes no revision") { subject async throws in
            try await subject.put("a", "one")
            let outcomes = try await subject.store.commit([
                Transaction(if: [.absent("b")], then: []), Transaction(if: [.absent("c")], then: [.delete("d")]),
            ])
            #expect(outcomes == [.committed(Revision(rawValue: 1)), .committed(Revision(rawValue: 1))])
            #expect(try await subject.store.commit([]) == [])
            #expect(try await subject.store.currentRevision().rawValue == 1)
        },
        ContractCheck("several transactions may compare a key that none of them writes") { subject async throws in
            try await subject.put("head", "1")
            let head = try #require(try await subject.store.get("head"))
            let same = Transaction.Condition.unchanged("head", since: head.modified)
            let outcomes = try await subject.store.commit([
                Transaction(if: [same], then: [.put("a", [1])]), Transaction(if: [same], then: [.put("b", [1])]),
            ])
            #expect(outcomes == [.committed(Revision(rawValue: 2)), .committed(Revision(rawValue: 2))])
        },
        ContractCheck("committing the same again after an unknown outcome shows that it had happened") { subject async throws in
            let mine = Transaction.create("a", Array("nonce 1".utf8))
            try await subject.must(mine)
            guard case .conflict("a", current: let entry?) = try await subject.store.commit(mine) else { throw Unexpected("commit") }
            #expect(entry.text == "nonce 1")
        },
        ContractCheck("a plain thread's commits and tasks' commits are in one order") { subject async throws in
            let store = subject.store
            try await withThrowingTaskGroup(of: Outcome?.self) { group in
                for number in 0..<20 {
                    let transaction = Transaction.create(try Key(parsing: "n/\(number)"), [])
                    if number % 2 == 0 {
                        group.addTask { try await store.commit(transaction) }
                    } else {
                        group.addTask { try commitPlainly(store, transaction) }
                    }
                }
                var seen: Set<Outcome> = []
                for try await outcome in group { seen.insert(try #require(outcome)) }
                #expect(seen == Set((1...20).map { .committed(Revision(rawValue: $0)) }))
            }
        },
        ContractCheck("a cancelled task's commit happens all the same") { subject async throws in
            let store = subject.store
            let task = Task { () -> [Outcome] in
                while !Task.isCancelled { await Task.yield() }
                return try await store.commit([.create("a", [1])])
            }
            task.cancel()
            #expect(try await task.value == [.committed(Revision(rawValue: 1))])
        },
    ]
}

/// The blocking entry, called from where nothing is awaited.
private func commitPlainly(_ store: any BlockingStore, _ transaction: Transaction) throws -> Outcome? {
    try store.commitBlocking([transaction]).first
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String
    init(_ found: Any) { description = "unexpected: \(found)" }
}
