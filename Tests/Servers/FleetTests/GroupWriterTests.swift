import Fleet
import Synchronization
import Testing

@Suite struct GroupWriterTests {
    private struct Broken: Error {}

    /// Holds every write until it is told to go on, and remembers what was written.
    private final class Disk: Sendable {
        let batches = Mutex<[[Int]]>([])
        let failures = Mutex(0)
        let (begun, hasBegun) = AsyncStream<Void>.makeStream()
        let (allowed, allow) = AsyncStream<Bool>.makeStream()

        @Sendable func write(_ items: [Int]) async throws {
            batches.withLock { $0.append(items.sorted()) }
            hasBegun.yield()
            guard await allowed.first(where: { _ in true }) == true else { throw Broken() }
        }
    }

    @Test("What is asked for during a write goes into the next one together")
    func together() async throws {
        let (disk, writer) = (Disk(), GroupWriter<Int>())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await writer.write([0], by: disk.write) }
            _ = await disk.begun.first { _ in true }
            for item in 1...3 { group.addTask { try await writer.write([item, 9], by: disk.write) } }
            while await writer.waitingCount < 3 { try await Task.sleep(for: .milliseconds(1)) }
            disk.allow.yield(true)
            _ = await disk.begun.first { _ in true }
            disk.allow.yield(true)
            try await group.waitForAll()
        }
        #expect(disk.batches.withLock { $0 } == [[0], [1, 2, 3, 9]])
    }

    @Test("A write that fails fails for all whose items it had, and the next goes through")
    func failure() async throws {
        let (disk, writer) = (Disk(), GroupWriter<Int>())
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await writer.write([0], by: disk.write) }
            _ = await disk.begun.first { _ in true }
            for item in 1...2 {
                group.addTask {
                    do { try await writer.write([item], by: disk.write) } catch { disk.failures.withLock { $0 += 1 } }
                }
            }
            while await writer.waitingCount < 2 { try? await Task.sleep(for: .milliseconds(1)) }
            disk.allow.yield(true)
            disk.allow.yield(false)
            await group.waitForAll()
        }
        #expect(disk.failures.withLock { $0 } == 2)
        disk.allow.yield(true)
        try await writer.write([3], by: disk.write)
        #expect(disk.batches.withLock { $0 } == [[0], [1, 2], [3]])
    }
}
