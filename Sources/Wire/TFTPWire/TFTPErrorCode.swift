/// Why a transfer ended (RFC 1350 appendix "Error Codes", RFC 2347 section 2). Open.
package struct TFTPErrorCode: RawRepresentable, Hashable, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let undefined = Self(rawValue: 0)
    package static let fileNotFound = Self(rawValue: 1)
    package static let accessViolation = Self(rawValue: 2)
    package static let diskFull = Self(rawValue: 3)
    package static let illegalOperation = Self(rawValue: 4)
    package static let unknownTransferID = Self(rawValue: 5)
    package static let fileAlreadyExists = Self(rawValue: 6)
    package static let noSuchUser = Self(rawValue: 7)
    /// The client wants none of the options that were acknowledged: how firmware ends a transfer that only asked for `tsize`.
    package static let optionsRefused = Self(rawValue: 8)
}
