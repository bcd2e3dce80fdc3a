import NIOCore
import Synchronization

/// The open connections of one server: a limit on their number, and a way to let them finish.
final class ConnectionRegistry: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isQuiescing = false
    }
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    var count: Int { state.withLock { $0.channels.count } }

    /// False when there are too many, or the server stops: then the caller closes the channel.
    func admit(_ channel: any Channel) -> Bool {
        let isAdmitted = state.withLock { state in
            guard !state.isQuiescing, state.channels.count < limit else { return false }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in self.state.withLock { _ = $0.channels.removeValue(forKey: ObjectIdentifier(channel)) } }
        }
        return isAdmitted
    }

    /// Idle connections close now, the others after their answer, or all of them when `grace` is over. Returns when none is left.
    func quiesce(grace: TimeAmount) async {
        let channels = state.withLock { state in
            defer { state.isQuiescing = true }
            return state.isQuiescing ? [] : Array(state.channels.values)
        }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            let alarm = channel.eventLoop.scheduleTask(in: grace) { channel.close(promise: nil) }
            channel.closeFuture.whenComplete { _ in alarm.cancel() }
        }
        for channel in channels { try? await channel.closeFuture.get() }
    }
}
