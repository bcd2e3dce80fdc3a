package import Primitives

/// An address of a subnet that belongs to somebody who is no host of the site: a switch, a management controller, whatever is at a port.
package struct SubnetReservation: Sendable, Hashable {
    /// Who it belongs to.
    package enum Owner: Sendable, Hashable {
        case hardwareAddress(HardwareAddress)
        case uuid(UniversalUniqueIdentifier)
        /// Option 61 in hexadecimal.
        case clientIdentifier(String)
        /// Option 82.1 and 82.2 in hexadecimal.
        case circuit(String, remote: String?)
    }

    package var address: IPv4Address
    package var owner: Owner
    package var options: [UInt8: [UInt8]] = [:]
}

extension SubnetReservation {
    private static let known = ["address", "hardwareAddress", "uuid", "clientIdentifier", "circuit", "remote", "options"]
    private static let owners = ["hardwareAddress", "uuid", "clientIdentifier", "circuit"]

    init?(reading cursor: Cursor, in prefix: IPv4Prefix?) {
        guard let fields = cursor.fields(Self.known) else { return nil }
        let address = fields.required("address", example: "10.77.0.9")?.mark().value(IPv4Address.self)
        if let address, let prefix {
            if !prefix.contains(address) {
                fields["address"]?.report(.invalidValue, "\(address) is not inside \(prefix)")
            } else if address == prefix.network || address == prefix.broadcast {
                fields["address"]?.report(.invalidValue, "\(address) is the network or broadcast address of \(prefix)")
            }
        }
        let given = Self.owners.filter { fields[$0] != nil }
        guard given.count == 1 else {
            cursor.report(
                given.isEmpty ? .missingField : .conflictingFields, "a reservation says in one way who the address is for",
                hint: "write one of: \(Self.owners.joined(separator: ", "))")
            return nil
        }
        if let remote = fields["remote"], fields["circuit"] == nil {
            remote.report(.conflictingFields, "remote says more about circuit, which is missing", hint: "write circuit too, or remove remote")
        }
        guard let address, let owner = Self.owner(fields) else { return nil }
        self.init(address: address, owner: owner, options: DHCPOptionFields.read(fields["options"]))
    }

    private static func owner(_ fields: Fields) -> Owner? {
        if let field = fields["hardwareAddress"] { return HostSpec.hardwareAddress(field).map { .hardwareAddress($0) } }
        if let field = fields["uuid"] { return field.value(UniversalUniqueIdentifier.self).map { .uuid($0) } }
        if let field = fields["clientIdentifier"] {
            return field.parsed("a client identifier in hexadecimal like 01:52:54:00:12:34:56") { text in
                Rules.hexadecimal(text).flatMap { (2...64).contains($0.count) ? .clientIdentifier(Hexadecimal.encode($0)) : nil }
            }
        }
        guard let circuit = fields["circuit"]?.parsed(expectation, identifier) else { return nil }
        guard let remote = fields["remote"] else { return .circuit(circuit, remote: nil) }
        return remote.parsed(expectation, identifier).map { .circuit(circuit, remote: $0) }
    }

    private static let expectation = "what the relay sends, as text or, after 0x, in hexadecimal; at most 64 bytes"

    private static func identifier(_ text: String) -> String? {
        let bytes = text.hasPrefix("0x") ? Rules.hexadecimal(text) : Array(text.utf8)
        return bytes.flatMap { (1...64).contains($0.count) ? Hexadecimal.encode($0) : nil }
    }
}

/// A route that DHCP gives (RFC 3442).
package struct SubnetRouteSpec: Sendable, Hashable {
    package var destination: IPv4Prefix
    package var router: IPv4Address

    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["to", "via"]) else { return nil }
        let destination = fields.required("to", example: "10.0.0.0/8")?.value(IPv4Prefix.self)
        let router = fields.required("via", example: "10.77.0.1")?.value(IPv4Address.self)
        guard let destination, let router else { return nil }
        (self.destination, self.router) = (destination, router)
    }
}
