import Store
import Synchronization
import Testing

@Suite("A watch", .timeLimit(.minutes(1)))
struct ChangeSequenceTests {
    @Test("moves over revisions of other prefixes, so that a quiet prefix does not fall behind the compaction")
    func cursor() async throws {
        let signal = CommitSignal()
        let asked = Mutex<[UInt64]>([])
        let sequence = ChangeSequence(after: .zero, signal: signal) { after in
            asked.withLock { $0.append(after.rawValue) }
            let revision = Revision(rawValue: after.rawValue + 5)
            signal.ring()
            return .success(ChangeBatch(changes: after.rawValue < 10 ? [] : [.deleted("a", at: revision)], revision: revision))
        }
        var iterator = sequence.makeAsyncIterator()
        #expect(try await iterator.next()?.revision.rawValue == 15)
        #expect(asked.withLock { $0 } == [0, 5, 10])
    }

    @Test("hears a commit that falls between its making and its first look")
    func earlyRing() async throws {
        let signal = CommitSignal()
        let looks = Mutex(0)
        let sequence = ChangeSequence(after: .zero, signal: signal) { after in
            let look = looks.withLock { count in
                count += 1
                return count
            }
            return .success(ChangeBatch(changes: look == 1 ? [] : [.deleted("a", at: after)], revision: after))
        }
        var iterator = sequence.makeAsyncIterator()
        signal.ring()
        #expect(try await iterator.next()?.changes.count == 1)
    }

    @Test("ends when its store closes, also where it begins afterwards")
    func finish() async throws {
        let signal = CommitSignal()
        let sequence = ChangeSequence(after: .zero, signal: signal) { .success(ChangeBatch(changes: [], revision: $0)) }
        var before = sequence.makeAsyncIterator()
        signal.finish()
        var after = sequence.makeAsyncIterator()
        #expect(try await before.next() == nil)
        #expect(try await after.next() == nil)
    }
}
