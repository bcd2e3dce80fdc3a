import CLibvirt

/// libvirt's own account of what went wrong.
package struct LibvirtFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// virErrorNumber.
    package var code: Int32
    /// virErrorDomain: the part of libvirt that failed.
    package var domain: Int32
    package var message: String

    /// Of the last call on this thread.
    static func last(_ what: String) -> LibvirtFailure {
        guard let error = virGetLastError() else { return LibvirtFailure(code: 0, domain: 0, message: what) }
        let text = error.pointee.message.map { String(cString: $0) } ?? "no message"
        return LibvirtFailure(code: error.pointee.code, domain: error.pointee.domain, message: "\(what): \(text)")
    }

    /// True when there is no such domain, network or pool.
    var isNotFound: Bool {
        [VIR_ERR_NO_DOMAIN, VIR_ERR_NO_NETWORK, VIR_ERR_NO_STORAGE_POOL].contains { UInt32(bitPattern: code) == $0.rawValue }
    }

    package var description: String { message }
}
