import Glibc

/// A connected Unix stream socket with a limit on every wait.
package final class LocalSocket: Sendable {
    /// For `poll`; the socket closes it.
    package let descriptor: Int32
    private let path: String

    /// The longest path that fits `sockaddr_un` with its terminating zero (unix(7)).
    static let longestPath = 107

    /// Connects; reads and writes give up after `timeLimit`.
    init(connectingTo path: String, timeLimit: Duration) throws(RackError) {
        self.path = path
        guard path.utf8.count <= Self.longestPath else { throw .socketPathTooLong(path) }
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .file(path: path, operation: "make a socket for", code: errno) }
        var limit = timeval(tv_sec: Int(timeLimit.components.seconds), tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { throw .file(path: path, operation: "connect to", code: errno) }
    }

    deinit { close(descriptor) }

    package func write(_ bytes: some Sequence<UInt8>) throws(RackError) {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .file(path: path, operation: "write to", code: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// What has arrived, waiting for at least one byte; empty when the other side has closed.
    package func read() throws(RackError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw .file(path: path, operation: "read from", code: errno) }
            return Array(buffer[..<count])
        }
    }
}
