package import Primitives

/// One packet of `bennu dhcp trace`: decoded, and what was decided about it.
package struct DHCPTraceEntry: Codable, Sendable, Hashable {
    package enum Decision: String, Codable, Sendable, CaseIterable {
        /// A reply was made at once.
        case answered
        /// A lease was made or changed, and goes to the disk before its reply.
        case leased
        /// No reply: `reason` says why.
        case ignored
        /// Left this server.
        case sent
        /// Was to leave: `reason` says why it did not.
        case notSent = "not-sent"
    }

    package struct Field: Codable, Sendable, Hashable {
        package var name: String
        package var value: String
        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// Grows by one with each packet since the server started.
    package var sequence: Int64
    /// Milliseconds since 1970.
    package var time: Int64
    package var interface: String
    /// The other side's address and port: `10.0.0.9:68`.
    package var peer: String
    package var decision: Decision
    /// The name of a refusal; a reply that gives less than was asked for has one too.
    package var reason: String?
    /// `discover`, `offer`, …; `nil` for what cannot be decoded.
    package var type: String?
    package var hardwareAddress: HardwareAddress?
    /// In hexadecimal.
    package var transactionID: String?
    /// The host's name in the documents.
    package var host: String?
    /// Header fields that say something, then the options in their order.
    package var fields: [Field]

    package init(sequence: Int64, time: Int64, interface: String, peer: String, decision: Decision, reason: String?, fields: [Field] = []) {
        (self.sequence, self.time, self.interface, self.peer) = (sequence, time, interface, peer)
        (self.decision, self.reason, self.fields) = (decision, reason, fields)
    }
}

/// `bennu dhcp statistics`: since the server started.
package struct DHCPCounts: Codable, Sendable, Hashable {
    /// By message type.
    package var received: [String: UInt64]
    package var sent: [String: UInt64]
    /// By message type, then by the name of the refusal; `undecoded` for what is no message of a client.
    package var refused: [String: [String: UInt64]]
    /// Other servers where we give the addresses: those that clients chose, and those that answered our own question.
    package var otherServers: [OtherServer]
    /// Free addresses that another machine answered for.
    package var conflicts: UInt64

    package struct OtherServer: Codable, Sendable, Hashable {
        package var address: IPv4Address
        /// The last client that chose it; `nil` where none did.
        package var client: HardwareAddress?
        /// Seconds since 1970.
        package var first: Int64
        package var last: Int64
        /// How often it was chosen, and how often it answered us.
        package var count: UInt64
        package var answers: UInt64
        package init(address: IPv4Address, client: HardwareAddress?, first: Int64, last: Int64, count: UInt64, answers: UInt64 = 0) {
            (self.address, self.client, self.first, self.last) = (address, client, first, last)
            (self.count, self.answers) = (count, answers)
        }
    }

    package init(
        received: [String: UInt64], sent: [String: UInt64], refused: [String: [String: UInt64]], otherServers: [OtherServer] = [],
        conflicts: UInt64 = 0
    ) {
        (self.received, self.sent, self.refused) = (received, sent, refused)
        (self.otherServers, self.conflicts) = (otherServers, conflicts)
    }
}
