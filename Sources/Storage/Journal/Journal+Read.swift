package import FleetModel
import FoundationEssentials
import GRDB

extension Journal {
    package static let maximumLimit = 1000

    /// Events behind `after` in order of their sequence, at most `limit` (1 to 1000); of one host, of one boot, or of all.
    /// The next page begins after the last one's sequence. What was forgotten is not missed: the numbers have gaps.
    package func events(
        host: HostID? = nil, boot: BootID? = nil, after: Int64 = 0, limit: Int = Journal.maximumLimit
    ) async throws(JournalError) -> [BootEvent] {
        try await page(host: host, boot: boot, after: after, limit: limit).get().events
    }

    /// The newest `limit` events, oldest of them first: what a person wants to see.
    package func newest(host: HostID? = nil, boot: BootID? = nil, limit: Int = 100) async throws(JournalError) -> [BootEvent] {
        try await page(host: host, boot: boot, after: 0, limit: limit, isBackwards: true).get().events.reversed()
    }

    /// The newest `limit` events that belong to no host, oldest of them first: what was seen of the network.
    package func newestOfNoHost(limit: Int = 100) async throws(JournalError) -> [BootEvent] {
        try await page(host: nil, boot: nil, after: 0, limit: limit, isBackwards: true, ofNoHost: true).get().events.reversed()
    }

    /// Events behind `after`, and then those to come, in batches; ends with its task, or when the journal closes.
    package func follow(host: HostID? = nil, boot: BootID? = nil, after: Int64) -> EventSequence {
        EventSequence(after: after, followers: followers) { [self] after in
            await page(host: host, boot: boot, after: after, limit: Self.maximumLimit)
        }
    }

    /// What a look found, and how far it looked: rows that do not parse are passed over, not looked at for ever.
    struct Look: Sendable {
        var events: [BootEvent] = []
        var last: Int64
    }

    private func page(
        host: HostID?, boot: BootID?, after: Int64, limit: Int, isBackwards: Bool = false, ofNoHost: Bool = false
    ) async -> Result<Look, JournalError> {
        let bounded = min(max(limit, 1), Self.maximumLimit)
        return await withCheckedContinuation { continuation in
            pool.asyncRead { access in
                do {
                    let look = try Self.look(try access.get(), ofNoHost ? "" : host?.description, boot, after, bounded, isBackwards)
                    continuation.resume(returning: .success(look))
                } catch {
                    continuation.resume(returning: .failure(.unavailable(detail: "\(error)")))
                }
            }
        }
    }

    private static func look(
        _ db: Database, _ host: String?, _ boot: BootID?, _ after: Int64, _ limit: Int, _ isBackwards: Bool
    ) throws -> Look {
        var conditions = ["sequence > ?"]
        var arguments: StatementArguments = [after]
        if let boot {
            // The literal is for SQLite, which uses the partial index only where it sees that no empty boot is meant.
            conditions.append("boot = ? AND boot <> ''")
            arguments += [boot.description]
        }
        if let host {
            conditions.append("host = ?")
            arguments += [host]
        }
        arguments += [limit]
        let statement = try db.cachedStatement(
            sql: """
                SELECT sequence, body FROM event WHERE \(conditions.joined(separator: " AND "))
                ORDER BY sequence \(isBackwards ? "DESC" : "ASC") LIMIT ?
                """)
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var look = Look(last: after)
        while let row = try rows.next() {
            guard let sequence = Int64.fromDatabaseValue(row[0]) else { continue }
            look.last = max(look.last, sequence)
            guard let body = Data.fromDatabaseValue(row[1]), let event = EventBody.decode(body, sequence: sequence) else { continue }
            look.events.append(event)
        }
        return look
    }
}
