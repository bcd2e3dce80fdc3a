import Glibc
import Primitives

/// One blocking HTTP/1.1 connection for one GET. NIO gathers whole answers for the agent; a root image does not fit beside itself.
final class BlobConnection {
    private let server: ServerAddress
    private let descriptor: Int32
    private var waiting: [UInt8] = []
    /// Seconds after which a server that answers 503 wants to be asked again (RFC 9110 section 10.2.3).
    private(set) var retryAfter: Int?

    /// - Parameter patience: seconds for each step on the network.
    init(server: ServerAddress, patience: Int) throws(HostFailure) {
        self.server = server
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HostRoot.failure(.missing, "cannot make a socket", errno) }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: server.port).bigEndian
        guard inet_pton(AF_INET, server.address.description, &address.sin_addr) == 1 else {
            close(descriptor)
            throw HostFailure(.missing, "\(server) is no address")
        }
        let code = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard code == 0 else {
            let reason = errno
            close(descriptor)
            throw HostRoot.failure(.missing, "cannot connect to \(server)", reason)
        }
    }

    deinit { close(descriptor) }

    /// - Returns: the HTTP status; the body is next to be read.
    func get(_ path: String, from offset: Int64) throws(HostFailure) -> Int {
        let range = offset > 0 ? "Range: bytes=\(offset)-\r\n" : ""
        let request = "GET \(path) HTTP/1.1\r\nHost: \(server.address):\(server.port)\r\n\(range)Connection: close\r\n\r\n"
        var rest = Array(request.utf8)[...]
        while !rest.isEmpty {
            // Without MSG_NOSIGNAL a server that went away would end the agent.
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw HostRoot.failure(.missing, "cannot ask \(server)", errno)
            }
            rest = rest.dropFirst(count)
        }
        var head: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while true {
            let part = try read()
            guard !part.isEmpty, head.count < 65536 else { throw HostFailure(.missing, "\(server) sent no HTTP answer") }
            head += part
            guard let split = head.indices.dropLast(3).first(where: { head[$0..<$0 + 4].elementsEqual(end) }) else { continue }
            waiting = Array(head[(split + 4)...])
            retryAfter = Self.retryAfter(in: head[..<split])
            let words = head.prefix(64).split(separator: UInt8(ascii: " "))
            guard words.count >= 2, let status = Int(String(decoding: words[1], as: UTF8.self)) else {
                throw HostFailure(.missing, "\(server) sent no HTTP answer")
            }
            return status
        }
    }

    private static func retryAfter(in head: ArraySlice<UInt8>) -> Int? {
        for line in head.split(separator: UInt8(ascii: "\n")) {
            let parts = String(decoding: line, as: UTF8.self).split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "retry-after" else { continue }
            return Int(parts[1].filter { !$0.isWhitespace })
        }
        return nil
    }

    /// The next bytes; empty at the end.
    func read() throws(HostFailure) -> [UInt8] {
        if !waiting.isEmpty {
            defer { waiting = [] }
            return waiting
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 17)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count >= 0 { return Array(buffer.prefix(count)) }
            if errno != EINTR { throw HostRoot.failure(.missing, "\(server) stopped sending", errno) }
        }
    }
}
