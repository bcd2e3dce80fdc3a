package import FleetModel
package import Primitives

/// A request as the boot server understands it: path and query of the request line, nothing else.
package enum BootRequest: Sendable, Hashable {
    case index
    case blob(Digest, boot: BootID?)
    case bootFile(String)
    case script(HardwareAddress, UniversalUniqueIdentifier?)
    /// The script for whoever cannot be told a URL of its own: it asks again and says who it is.
    case firstScript

    package init(uri: String) throws(HTTPRefusal) {
        guard uri.utf8.first == UInt8(ascii: "/") else { throw .unknownPath }
        let parts = uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let query = parts.count > 1 ? parts[1] : ""
        // Paths of ours need no escapes, so nothing hides behind one.
        let path = parts[0]
        if path == "/" {
            self = .index
        } else if let digits = Self.remainder(of: path, after: "/blobs/sha256/") {
            guard let digest = Digest("sha256:\(digits)") else { throw .badDigest }
            self = .blob(digest, boot: Self.boot(in: query))
        } else if let name = Self.remainder(of: path, after: "/boot-files/") {
            guard Self.isPlainName(name) else { throw .unknownBootFile }
            self = .bootFile(name)
        } else if path == "/boot.ipxe" {
            self = query.isEmpty ? .firstScript : try Self.script(query)
        } else {
            throw .unknownPath
        }
    }

    /// Letters, digits and `.`, `-`, `_`, in parts joined by single slashes, no part beginning with a dot.
    package static func isPlainName(_ name: String) -> Bool {
        guard (1...255).contains(name.utf8.count) else { return false }
        return name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            guard let first = part.first, first != UInt8(ascii: ".") else { return false }
            return part.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || [45, 46, 95].contains($0)
            }
        }
    }

    private static func remainder(of path: Substring, after prefix: String) -> String? {
        path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
    }

    /// Only labels the transfer in the timeline, so garbage is as good as nothing.
    private static func boot(in query: Substring) -> BootID? {
        guard let fields = try? fields(of: query), let text = fields["boot"] else { return nil }
        return BootID(text)
    }

    private static func script(_ query: Substring) throws(HTTPRefusal) -> BootRequest {
        let fields = try fields(of: query)
        guard let address = fields["mac"].flatMap(HardwareAddress.init), !address.isGroup, !address.isZero else {
            throw .badHardwareAddress
        }
        // iPXE sends `uuid=` where the firmware has none.
        guard let text = fields["uuid"], !text.isEmpty else { return .script(address, nil) }
        guard let uuid = UniversalUniqueIdentifier(text) else { throw .badUUID }
        return .script(address, uuid.isUnset ? nil : uuid)
    }

    private static func fields(of query: Substring) throws(HTTPRefusal) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in query.split(separator: "&").prefix(17) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = unescape(parts[0]), let value = unescape(parts[1]) else { throw .badQuery }
            guard fields.updateValue(value, forKey: name) == nil, fields.count <= 16 else { throw .badQuery }
        }
        return fields
    }

    /// Percent-decoding (RFC 3986 section 2.1): iPXE escapes colons in some versions.
    private static func unescape(_ text: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let decoded = Hexadecimal.decode(rest.prefix(2)) else { return nil }
            bytes += decoded
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
