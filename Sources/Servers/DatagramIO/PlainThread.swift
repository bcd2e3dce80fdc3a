import CSockets
import Glibc

/// A thread of its own for work that blocks, which must not hold up the threads that run tasks. It is prompt: somebody on the network waits.
package enum PlainThread {
    private final class Body: Sendable {
        let name: String
        let run: @Sendable () -> Void
        init(_ name: String, _ run: @escaping @Sendable () -> Void) { (self.name, self.run) = (name, run) }
    }

    /// Starts a detached thread. `name` shows in `ps -T`; 15 bytes of it.
    package static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(SocketError) {
        var thread = pthread_t()
        let context = Unmanaged.passRetained(Body(name, body))
        let result = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let body = Unmanaged<Body>.fromOpaque(context).takeRetainedValue()
                csockets_name_thread(body.name)
                PromptThread.begin()
                body.run()
                return nil
            }, context.toOpaque())
        guard result == 0 else {
            context.release()
            throw SocketError("start a thread", code: result)
        }
        pthread_detach(thread)
    }
}
