import NIOCore
import Synchronization
import TFTPWire

/// The transfers under way, by the client's transfer identifier (address and port), the address it asked, and what for:
/// firmware that asks for a size first may use the same port for the file, before we know that the first transfer is over.
final class TFTPTransferTable: Sendable {
    struct Key: Hashable, Sendable {
        var client: SocketAddress
        var listener: SocketAddress
        var request: TFTPRequest
    }
    enum Admission: Hashable, Sendable {
        case admitted
        /// The same request again: the transfer's own timeout answers it.
        case duplicate
        case refused(TFTPRefusal)
    }

    private struct State {
        var channels: [Key: (any Channel)?] = [:]
        var perClient: [String: Int] = [:]
        var isStopping = false
    }
    private let limits: TFTPLimits
    private let state = Mutex(State())

    init(limits: TFTPLimits) { self.limits = limits }

    var count: Int { state.withLock { $0.channels.count } }

    func admit(_ key: Key) -> Admission {
        state.withLock { state in
            if state.channels[key] != nil { return .duplicate }
            let client = key.client.ipAddress ?? ""
            let running = state.perClient[client] ?? 0
            if state.isStopping { return .refused(.stopped) }
            if state.channels.count >= limits.transfers { return .refused(.tooManyTransfers) }
            if running >= limits.transfersPerClient { return .refused(.tooManyFromClient) }
            state.channels.updateValue(nil, forKey: key)
            state.perClient[client] = running + 1
            return .admitted
        }
    }

    func began(_ key: Key, on channel: any Channel) {
        state.withLock { if $0.channels[key] != nil { $0.channels.updateValue(channel, forKey: key) } }
    }

    func ended(_ key: Key) {
        state.withLock { state in
            guard state.channels.removeValue(forKey: key) != nil else { return }
            let client = key.client.ipAddress ?? ""
            let left = (state.perClient[client] ?? 1) - 1
            state.perClient[client] = left > 0 ? left : nil
        }
    }

    /// Refuses new transfers, and closes those that are not done after `grace`. Returns when none is left.
    func stop(grace: TimeAmount) async {
        let channels = state.withLock { state in
            state.isStopping = true
            return state.channels.values.compactMap { $0 }
        }
        for channel in channels {
            let alarm = channel.eventLoop.scheduleTask(in: grace) { channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in alarm.cancel() }
        }
        for channel in channels { try? await channel.closeFuture.get() }
    }
}
