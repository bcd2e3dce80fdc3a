import Primitives
import TFTPWire

/// The transfers under way, and for a while those that ended: what comes late for one is not a stranger's.
struct TFTPTransferTable {
    private let limits: TFTPLimits
    private var transfers: [TFTPEndpoint: TFTPTransfer] = [:]
    private var perClient: [IPv4Address: Int] = [:]
    /// Those under way.
    private(set) var count = 0
    /// Bytes that all transfers may have under way.
    private(set) var windowBytes = 0

    init(limits: TFTPLimits) { self.limits = limits }

    subscript(endpoint: TFTPEndpoint) -> TFTPTransfer? { transfers[endpoint] }
    var underWay: [TFTPTransfer] { transfers.values.filter { !$0.isDone } }

    /// Why a client gets no further transfer; `nil` when it does.
    func refusal(for client: IPv4Address) -> TFTPRefusal? {
        if count >= limits.transfers { return .tooManyTransfers }
        if perClient[client, default: 0] >= limits.transfersPerClient { return .tooManyFromClient }
        return nil
    }

    mutating func insert(_ transfer: TFTPTransfer) {
        transfers[transfer.endpoint] = transfer
        perClient[transfer.endpoint.client, default: 0] += 1
        count += 1
        windowBytes += transfer.windowBytes
    }

    mutating func end(_ transfer: TFTPTransfer) {
        guard !transfer.isDone else { return }
        transfer.isDone = true
        let client = transfer.endpoint.client
        let left = (perClient[client] ?? 1) - 1
        perClient[client] = left > 0 ? left : nil
        count -= 1
        windowBytes -= transfer.windowBytes
    }

    /// So many have ended in a short time that the next to end are forgotten at once.
    var isCrowded: Bool { transfers.count - count > 4 * limits.transfers }

    /// Forgets one that ended, unless its place was taken since.
    mutating func forget(_ transfer: TFTPTransfer) {
        if transfers[transfer.endpoint] === transfer { transfers[transfer.endpoint] = nil }
    }
}
