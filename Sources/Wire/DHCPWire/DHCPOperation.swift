/// The `op` field (RFC 2131 section 2). Closed: BOOTP defines two values, and a message with another one is refused.
package enum DHCPOperation: UInt8, Sendable {
    /// BOOTREQUEST: from client to server.
    case request = 1
    /// BOOTREPLY: from server to client.
    case reply = 2
}
