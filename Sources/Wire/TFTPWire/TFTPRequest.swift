/// The body of a read or write request (RFC 1350 section 5, RFC 2347 section 2).
package struct TFTPRequest: Hashable, Sendable {
    /// Lower case whatever the client sent; open, since an unknown mode deserves an ERROR packet and not silence.
    package struct Mode: RawRepresentable, Hashable, Sendable {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue.lowercased() }

        package static let octet = Self(rawValue: "octet")
        package static let netascii = Self(rawValue: "netascii")
    }

    /// As sent, without the closing NUL. Some ROMs add bytes that are not text; `TFTPRequestPath` judges.
    package var fileName: [UInt8]
    package var mode: Mode
    package var options: [TFTPOption]

    package init(fileName: [UInt8], mode: Mode = .octet, options: [TFTPOption] = []) {
        (self.fileName, self.mode, self.options) = (fileName, mode, options)
    }

    /// The first option with this name; RFC 2347 allows only one.
    package func option(_ name: String) -> TFTPOption? { options.first { $0.isNamed(name) } }
}
