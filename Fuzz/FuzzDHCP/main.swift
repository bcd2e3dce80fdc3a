import DHCPWire
import FuzzDriver

/// What decodes must encode, and then decode to what encodes to the same bytes.
fuzz { bytes in
    guard let message = try? DHCPMessage(decoding: bytes) else { return }
    _ = (BootClient(message), message.relayAgentInformation, message.classlessStaticRoutes, message.userClasses)
    guard let encoded = try? message.encode(maximumSize: .max), let again = try? DHCPMessage(decoding: encoded) else {
        preconditionFailure("a decoded message did not survive encoding")
    }
    precondition((try? again.encode(maximumSize: .max)) == encoded, "encoding is not stable")
}
