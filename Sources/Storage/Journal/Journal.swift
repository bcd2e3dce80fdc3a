package import FleetModel
import GRDB
package import Logging
import Synchronization

/// The boot events of one server: append-only, bounded per host and in all, in a file of its own.
///
/// `append` never waits: the boot path hands over and goes on. `run()` writes what has gathered within a moment, one transaction at a time, so
/// that a storm makes larger batches rather than more, and the boot path is not left for every event. A power cut may take the last moments
/// (`synchronous = NORMAL`: the file stays whole); nothing is decided by a journal, so nothing waits for its disk.
package final class Journal: Sendable {
    let pool: DatabasePool
    let limits: JournalLimits
    let logger: Logger
    let writer: JournalWriter
    private let gathered: Mutex<Gathered>
    private let wakeUp: AsyncStream<Void>.Continuation
    private let wakeUps: AsyncStream<Void>
    let followers = FollowerList()

    private struct Gathered {
        var events: [BootEvent] = []
        var dropped: UInt64 = 0
    }

    /// Opens `journal.sqlite` in a directory that is there, and that the caller holds.
    package init(directory: String, limits: JournalLimits = JournalLimits(), logger: Logger) throws(JournalError) {
        let path = "\(directory)/journal.sqlite"
        (pool, writer) = try JournalFile(path: path).open(limits)
        self.limits = limits
        self.logger = logger
        gathered = Mutex(Gathered())
        (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Hands an event over; its `sequence` is given when it is written. Where the buffer is full the event is dropped and counted.
    package func append(_ event: BootEvent) {
        let isFirst = gathered.withLock { gathered in
            guard gathered.events.count < limits.bufferedEvents else {
                gathered.dropped &+= 1
                return false
            }
            gathered.events.append(event)
            return gathered.events.count == 1
        }
        // The others are written with the first: whoever writes goes on until nothing is left.
        if isFirst { wakeUp.yield() }
    }

    /// Events that were never written: the buffer was full, or the disk refused.
    package var dropped: UInt64 { gathered.withLock { $0.dropped } }

    /// Writes until its task is cancelled, then what is left, and returns. Called again, it writes what is left once more and returns.
    package func run() async throws {
        for await _ in wakeUps {
            // Cut short when the task is cancelled.
            try? await Task.sleep(for: limits.gathering)
            await write()
        }
        await write()
    }

    /// Returns when everything appended before the call is written, dropped or given up.
    package func flush() async { await write() }

    /// Ends every follower and closes the file. Events appended afterwards are dropped.
    package func close() throws(JournalError) {
        followers.finish()
        do { try pool.close() } catch { throw .unavailable(detail: "\(error)") }
    }

    /// One turn of the writer. It takes the events on the writer's own queue, so that `flush` beside `run` keeps their order, and is not
    /// GRDB's async write, which would stop when the task is cancelled.
    private func write() async {
        let written = await withCheckedContinuation { continuation in
            pool.asyncWriteWithoutTransaction { db in continuation.resume(returning: self.writeGathered(db)) }
        }
        if written { followers.ring() }
    }

    private func writeGathered(_ db: Database) -> Bool {
        var isWritten = false
        while true {
            let batch = gathered.withLock { gathered in
                let batch = Array(gathered.events.prefix(JournalLimits.eventsPerTransaction))
                gathered.events.removeFirst(batch.count)
                return batch
            }
            if batch.isEmpty { return isWritten }
            do {
                try writer.write(batch, db)
                isWritten = true
            } catch {
                gathered.withLock { $0.dropped &+= UInt64(batch.count) }
                logger.error(
                    "cannot write boot events, they are dropped",
                    metadata: ["journal.events": "\(batch.count)", "error": "\(error)"])
            }
        }
    }
}
