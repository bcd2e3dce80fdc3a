import FleetModel
import FoundationEssentials
import GRDB
import Synchronization

/// Writes batches and forgets what is beyond the limits. Used on the writer's queue alone; the lock is for the compiler.
final class JournalWriter: Sendable {
    private let limits: JournalLimits
    private let counts: Mutex<EventCounts>

    init(limits: JournalLimits, counts: EventCounts) {
        self.limits = limits
        self.counts = Mutex(counts)
    }

    /// One transaction: the events, and the deletions that they make necessary.
    func write(_ batch: [BootEvent], _ db: Database) throws {
        try counts.withLock { counts in
            // Apart, until they are true: a copy of all counts would be as large as the site.
            var changes = EventCounts()
            try db.inTransaction(.immediate) {
                for event in batch { try insert(event, &changes, db) }
                for host in changes.byHost.keys { try trim(host, counts, &changes, db) }
                try trimAll(counts, &changes, db)
                return .commit
            }
            counts.add(changes)
        }
    }

    private func insert(_ event: BootEvent, _ changes: inout EventCounts, _ db: Database) throws {
        let host = event.host?.description ?? ""
        let statement = try db.cachedStatement(sql: "INSERT INTO event (host, boot, body) VALUES (?, ?, ?)")
        try statement.execute(arguments: [host, event.boot?.description ?? "", EventBody.encode(event, limit: limits.eventBytes)])
        changes.byHost[host, default: 0] += 1
        changes.all += 1
    }

    private func trim(_ host: String, _ counts: EventCounts, _ changes: inout EventCounts, _ db: Database) throws {
        let excess = (counts.byHost[host] ?? 0) + (changes.byHost[host] ?? 0) - limits.eventsPerHost
        guard excess > 0 else { return }
        let statement = try db.cachedStatement(
            sql: "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event WHERE host = ? ORDER BY sequence LIMIT ?)")
        try statement.execute(arguments: [host, excess])
        changes.byHost[host, default: 0] -= excess
        changes.all -= excess
    }

    private func trimAll(_ counts: EventCounts, _ changes: inout EventCounts, _ db: Database) throws {
        let excess = counts.all + changes.all - limits.eventsInAll
        guard excess > 0 else { return }
        let oldest = try String.fetchAll(db, sql: "SELECT host FROM event ORDER BY sequence LIMIT ?", arguments: [excess])
        try db.cachedStatement(sql: "DELETE FROM event WHERE sequence IN (SELECT sequence FROM event ORDER BY sequence LIMIT ?)")
            .execute(arguments: [excess])
        for host in oldest { changes.byHost[host, default: 0] -= 1 }
        changes.all -= oldest.count
    }
}
