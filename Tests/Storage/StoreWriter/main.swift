// A process to kill, and to trace: commits to the store in the directory named by its first argument, and prints each revision once it is
// acknowledged. The second argument is how many commits to make; without it, or with 0, it goes on until it is killed. With `leases` as the
// third, it puts leases, 10.0.0.0 and so on.
import Glibc
import Primitives
import Store

func complain(_ message: String) {
    let line = Array((message + "\n").utf8)
    _ = write(2, line, line.count)
}

func fail(_ message: String) -> Never {
    complain(message)
    exit(1)
}

/// Where `transaction` was committed. An unknown outcome is settled as the contract says: by committing the same again.
func commit(_ transaction: Transaction, value: [UInt8], to store: SQLiteStore) throws(StoreError) -> Revision {
    do {
        return try settled(store.commitBlocking([transaction]), value)
    } catch .outcomeUnknown(let detail) {
        complain("unknown: \(detail)")
        return try settled(store.commitBlocking([transaction]), value)
    }
}

func settled(_ outcomes: [Outcome], _ value: [UInt8]) -> Revision {
    switch outcomes.first {
    case .committed(let revision): return revision
    case .conflict(_, current: let entry?) where entry.value == value: return entry.modified
    default: fail("conflict: \(outcomes)")
    }
}

guard CommandLine.arguments.count >= 2 else { fail("usage: StoreWriter DIRECTORY [COMMITS]") }
let limit = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]).flatMap { $0 > 0 ? $0 : nil } ?? Int.max : Int.max
let putsLeases = CommandLine.arguments.dropFirst(3).first == "leases"
do {
    let store = try SQLiteStore(directory: CommandLine.arguments[1])
    var number = 0
    while number < limit {
        let value = Array("value \(number)".utf8)
        var revision = Revision.zero
        if putsLeases {
            try store.put([LeaseRecord(address: IPv4Address(value: 0x0a00_0000 + UInt32(number)), value: value)])
        } else {
            revision = try commit(.create(try Key(parsing: "writes/\(number)"), value), value: value, to: store)
        }
        // One write(2) without a buffer: what was printed was acknowledged, and what was acknowledged gets printed at once.
        let line = Array("\(number) \(revision)\n".utf8)
        guard write(1, line, line.count) == line.count else { fail("nobody reads") }
        number += 1
    }
    // The trace counts commits; closing would add the checkpoint's.
    exit(0)
} catch {
    fail("\(error)")
}
