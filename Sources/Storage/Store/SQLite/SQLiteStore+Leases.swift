import GRDB
import Primitives

extension SQLiteStore: LeaseRecords {
    package func leaseRecords() async throws(StoreError) -> [LeaseRecord] {
        try await reading { db in
            let rows = try Row.fetchCursor(db, sql: "SELECT address, value FROM leases")
            var records: [LeaseRecord] = []
            while let row = try rows.next() {
                guard let number = UInt32(exactly: try row.integer(0)), let value = try row.bytes(1) else {
                    throw StoreError.unavailable(detail: "a row of leases has no address; the file is damaged")
                }
                records.append(LeaseRecord(address: IPv4Address(value: number), value: value))
            }
            return records
        }.get()
    }

    package func put(_ records: [LeaseRecord]) throws(StoreError) {
        guard !records.isEmpty else { return }
        _ = try pool.writeWithoutTransaction { db in
            transact(db) { () throws -> (Void, isChanged: Bool) in
                // One B-tree, by number, and no look before the write.
                let replace = try BareStatement("REPLACE INTO leases (address, value) VALUES (?, ?)", db)
                for record in records {
                    try replace.bind(1, Int64(record.address.value))
                    try replace.bind(2, record.value)
                    try replace.execute()
                }
                return ((), true)
            }
        }.get()
    }
}
