import NIOCore
import Synchronization

/// A channel that is known only after its handler.
final class NIOLockedChannel: Sendable {
    private let channel = Mutex<(any Channel)?>(nil)
    func set(_ channel: any Channel) { self.channel.withLock { $0 = channel } }
    func get() -> any Channel {
        guard let channel = channel.withLock({ $0 }) else { fatalError("asked before it was bound") }  // the relay binds before it is used
        return channel
    }
}
