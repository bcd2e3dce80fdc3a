import CLibvirt
import Glibc
import Primitives

extension LibvirtConnection {
    /// The domain of that name; `nil` when there is none.
    package func domain(_ name: String) throws(HostFailure) -> ObservedDomain? {
        try with { connection throws(LibvirtFailure) in
            guard let domain = virDomainLookupByName(connection, name) else { return try Self.absent("cannot look up guest \(name)") }
            defer { virDomainFree(domain) }
            return try Self.observed(domain)
        }
    }

    /// Every domain that libvirt knows, by name.
    package func domains() throws(HostFailure) -> [ObservedDomain] {
        let all = try with { connection throws(LibvirtFailure) in
            var list: UnsafeMutablePointer<OpaquePointer?>?
            let count = virConnectListAllDomains(connection, &list, 0)
            guard count >= 0, let list else { throw LibvirtFailure.last("cannot list guests") }
            defer { free(list) }
            return (0..<Int(count)).compactMap { index -> ObservedDomain? in
                guard let domain = list[index] else { return nil }
                defer { virDomainFree(domain) }
                // One that went away meanwhile is not there.
                return try? Self.observed(domain)
            }
        }
        return all.sorted { $0.name < $1.name }
    }

    package func defineGuest(_ xml: String) throws(HostFailure) {
        try with { connection throws(LibvirtFailure) in
            guard let domain = virDomainDefineXML(connection, xml) else { throw LibvirtFailure.last("cannot define the guest") }
            virDomainFree(domain)
        }
    }

    package func startGuest(_ name: String) throws(HostFailure) { try domain(name, "cannot start guest") { virDomainCreate($0) } }
    package func shutdownGuest(_ name: String) throws(HostFailure) { try domain(name, "cannot shut down guest") { virDomainShutdown($0) } }
    package func destroyGuest(_ name: String) throws(HostFailure) { try domain(name, "cannot destroy guest") { virDomainDestroy($0) } }

    /// With the saved state and variables that would keep the definition alive; never the disks.
    package func undefineGuest(_ name: String) throws(HostFailure) {
        try domain(name, "cannot undefine guest") { domain in
            let flags =
                VIR_DOMAIN_UNDEFINE_MANAGED_SAVE.rawValue | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA.rawValue
                | VIR_DOMAIN_UNDEFINE_NVRAM.rawValue
            // Not every driver knows these flags.
            return virDomainUndefineFlags(domain, flags) == 0 ? 0 : virDomainUndefine(domain)
        }
    }

    private func domain(_ name: String, _ what: String, _ call: (OpaquePointer) -> Int32) throws(HostFailure) {
        try with { connection throws(LibvirtFailure) in
            guard let domain = virDomainLookupByName(connection, name) else { throw LibvirtFailure.last("\(what) \(name)") }
            defer { virDomainFree(domain) }
            guard call(domain) == 0 else { throw LibvirtFailure.last("\(what) \(name)") }
        }
    }

    /// `nil` when the last failure was that there is no such thing.
    static func absent<Value>(_ what: String) throws(LibvirtFailure) -> Value? {
        let failure = LibvirtFailure.last(what)
        guard failure.isNotFound else { throw failure }
        return nil
    }

    private static func observed(_ domain: OpaquePointer) throws(LibvirtFailure) -> ObservedDomain {
        var raw = [UInt8](repeating: 0, count: Int(VIR_UUID_BUFLEN))
        var (state, reason): (Int32, Int32) = (0, 0)
        guard virDomainGetUUID(domain, &raw) == 0, virDomainGetState(domain, &state, &reason, 0) == 0, let name = virDomainGetName(domain),
            let uuid = UniversalUniqueIdentifier(bytes: raw)
        else { throw LibvirtFailure.last("cannot read the state of a guest") }
        return ObservedDomain(
            name: String(cString: name), uuid: uuid, state: word(state, reason), isActive: virDomainIsActive(domain) == 1,
            isPersistent: virDomainIsPersistent(domain) == 1)
    }

    /// As `virsh domstate` says it.
    private static func word(_ state: Int32, _ reason: Int32) -> String {
        switch virDomainState(UInt32(bitPattern: state)) {
        case VIR_DOMAIN_RUNNING: "running"
        case VIR_DOMAIN_BLOCKED: "blocked"
        case VIR_DOMAIN_PAUSED: "paused"
        case VIR_DOMAIN_SHUTDOWN: "in shutdown"
        case VIR_DOMAIN_SHUTOFF: UInt32(bitPattern: reason) == VIR_DOMAIN_SHUTOFF_CRASHED.rawValue ? "crashed" : "shut off"
        case VIR_DOMAIN_CRASHED: "crashed"
        case VIR_DOMAIN_PMSUSPENDED: "suspended"
        default: "no state"
        }
    }
}
