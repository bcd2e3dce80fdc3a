/// A requested file name made into a relative path: `\` becomes `/`, leading, doubled and trailing slashes and `.` are dropped.
/// Refuses by name what could leave the published tree or be no name at all; what is published is the server's matter.
package struct TFTPRequestPath: Hashable, Sendable {
    package enum Refusal: Error, Hashable, Sendable {
        case empty
        case parentDirectory
        case nul
        /// Other bytes below 0x20, and 0x7f: no published name has them, and a log should not.
        case controlCharacter(UInt8)
        case notUTF8
        case tooLong(Int)
    }

    /// RFC 2347 lets a whole request have 512 bytes.
    package static let maximumLength = 512

    /// At least one; none is empty, `.` or `..`, none has a slash.
    package let components: [String]

    package init(_ name: some Collection<UInt8>) throws(Refusal) {
        guard name.count <= Self.maximumLength else { throw .tooLong(name.count) }
        if name.contains(0) { throw .nul }
        if let control = name.first(where: { $0 < 0x20 || $0 == 0x7f }) { throw .controlCharacter(control) }
        guard let text = String(validating: name, as: UTF8.self) else { throw .notUTF8 }
        let parts = text.utf8.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }.map { String(Substring($0)) }
        if parts.contains("..") { throw .parentDirectory }
        components = parts.filter { $0 != "." }
        if components.isEmpty { throw .empty }
    }

    package init(_ name: String) throws(Refusal) { try self.init(Array(name.utf8)) }
}

extension TFTPRequestPath: CustomStringConvertible {
    package var description: String { components.joined(separator: "/") }
}
