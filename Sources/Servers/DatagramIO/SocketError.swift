import Glibc

/// A system call that failed: what was tried, on what, and its errno.
package struct SocketError: Error, Hashable, Sendable {
    /// `bind UDP port 67 on br0`.
    package let operation: String
    package let code: Int32

    package init(_ operation: String, code: Int32) { (self.operation, self.code) = (operation, code) }

    package static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(SocketError) -> Int32 {
        if result < 0 { throw SocketError(operation(), code: -result) }
        return result
    }

    /// Nothing to do now; poll again.
    package var isTransient: Bool { [EAGAIN, EINTR, ENOBUFS, ENETDOWN, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH].contains(code) }
}

extension SocketError: CustomStringConvertible {
    package var description: String {
        let hint =
            switch code {
            case EADDRINUSE: "; another program has this port"
            case EPERM, EACCES: "; this needs root, or CAP_NET_BIND_SERVICE, CAP_NET_RAW and CAP_NET_ADMIN"
            case ENODEV: "; there is no such interface"
            default: ""
            }
        return "cannot \(operation): \(String(cString: strerror(code)))\(hint)"
    }
}
