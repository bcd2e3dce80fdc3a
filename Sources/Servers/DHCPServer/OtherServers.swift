import DHCPWire
import OperatorTypes
import Primitives
import Synchronization

/// DHCP servers beside us where we give the addresses. A client tells all servers whose offer it takes (RFC 2131 section 3.1), so whoever answers
/// on our wire shows by the first client that believes it; and those that answer our own question (`ProbeLoop`) show without one.
final class OtherServers: Sendable {
    /// Anyone can name any address: beyond this many the one that was silent for longest is forgotten.
    static let most = 64
    /// Seconds until the same server is news again.
    static let patience: Int64 = 3600

    private let seen = Mutex<[IPv4Address: DHCPCounts.OtherServer]>([:])

    /// True when nothing was known of this server for an hour.
    /// - Parameters:
    ///   - client: who chose it; `nil` where it answered us.
    ///   - now: seconds since 1970.
    func saw(_ server: IPv4Address, chosenBy client: HardwareAddress?, now: Int64) -> Bool {
        seen.withLock { seen in
            let known = seen[server]
            if known == nil, seen.count >= Self.most, let oldest = seen.values.min(by: { ($0.last, $0.address) < ($1.last, $1.address) }) {
                seen[oldest.address] = nil
            }
            var record = known ?? DHCPCounts.OtherServer(address: server, client: client, first: now, last: now, count: 0)
            record.last = now
            if let client {
                record.client = client
                record.count &+= 1
            } else {
                record.answers &+= 1
            }
            seen[server] = record
            return known.map { now - $0.last > Self.patience } ?? true
        }
    }

    var all: [DHCPCounts.OtherServer] { seen.withLock { $0.values.sorted { $0.address < $1.address } } }
}
