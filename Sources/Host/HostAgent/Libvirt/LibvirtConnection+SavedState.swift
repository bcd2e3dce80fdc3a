import CLibvirt
import Glibc

/// Guests that stand still in a file while their hypervisor changes.
extension LibvirtConnection {
    /// The definition of a guest as it runs.
    package func liveXML(_ name: String) throws(HostFailure) -> String {
        try domain(name, "cannot read the definition of guest") { virDomainGetXMLDesc($0, VIR_DOMAIN_XML_SECURE.rawValue) }
    }

    /// What the definition of a guest as it runs says of keeping it.
    func traits(of name: String) throws(HostFailure) -> DomainTraits {
        let xml = try liveXML(name)
        guard let traits = DomainTraits(xml, volume: { pool, volume in try? volumePath(volume, in: pool) }) else {
            throw HostFailure(.unreadable, "the definition of guest \(name) cannot be read")
        }
        return traits
    }

    /// The definition that libvirt puts into a file with the state of a guest.
    package func migratableXML(_ name: String) throws(HostFailure) -> String {
        try domain(name, "cannot read the definition of guest") {
            virDomainGetXMLDesc($0, VIR_DOMAIN_XML_SECURE.rawValue | VIR_DOMAIN_XML_MIGRATABLE.rawValue)
        }
    }

    /// Stops a guest and writes its state to a file. It stays defined.
    package func saveGuest(_ name: String, to path: String) throws(HostFailure) {
        _ = try domain(name, "cannot save guest") { virDomainSaveFlags($0, path, nil, 0) == 0 ? strdup("") : nil }
    }

    /// Starts a guest from a file that it was saved to; it runs if it ran then.
    /// - Parameter change: of the definition that is in the file.
    package func restoreGuest(from path: String, _ change: (String) -> String?) throws(HostFailure) {
        try with { connection throws(LibvirtFailure) in
            guard let text = virDomainSaveImageGetXMLDesc(connection, path, VIR_DOMAIN_XML_SECURE.rawValue) else {
                throw LibvirtFailure.last("cannot read \(path)")
            }
            defer { free(text) }
            // Past the cache means through a pipe: QEMU since 11 takes no file by its descriptor.
            let flags = VIR_DOMAIN_SAVE_BYPASS_CACHE.rawValue
            guard virDomainRestoreFlags(connection, path, change(String(cString: text)), flags) == 0 else {
                throw LibvirtFailure.last("cannot restore a guest from \(path)")
            }
        }
    }

    /// Speaks to a guest's QEMU (QMP) past libvirt.
    /// - Returns: the answer, JSON.
    @discardableResult
    package func command(_ name: String, _ json: String) throws(HostFailure) -> String {
        try domain(name, "cannot speak to the QEMU of guest") { domain in
            var answer: UnsafeMutablePointer<CChar>?
            return virDomainQemuMonitorCommand(domain, json, &answer, 0) == 0 ? answer : nil
        }
    }

    private func domain(
        _ name: String, _ what: String, _ call: (OpaquePointer) -> UnsafeMutablePointer<CChar>?
    ) throws(HostFailure) -> String {
        try with { connection throws(LibvirtFailure) in
            guard let domain = virDomainLookupByName(connection, name) else { throw LibvirtFailure.last("\(what) \(name)") }
            defer { virDomainFree(domain) }
            guard let text = call(domain) else { throw LibvirtFailure.last("\(what) \(name)") }
            defer { free(text) }
            return String(cString: text)
        }
    }
}
