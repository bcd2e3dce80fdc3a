import CLibvirt
import Glibc
import GuestXML

extension LibvirtConnection {
    /// `nil` when there is no such network.
    package func networkIsActive(_ name: String) throws(HostFailure) -> Bool? {
        try with { connection throws(LibvirtFailure) in
            guard let network = virNetworkLookupByName(connection, name) else { return try Self.absent("cannot look up network \(name)") }
            defer { virNetworkFree(network) }
            return virNetworkIsActive(network) == 1
        }
    }

    package func defineNetwork(_ xml: String) throws(HostFailure) {
        try with { connection throws(LibvirtFailure) in
            guard let network = virNetworkDefineXML(connection, xml) else { throw LibvirtFailure.last("cannot define the network") }
            virNetworkFree(network)
        }
    }

    package func startNetwork(_ name: String) throws(HostFailure) { try network(name, "cannot start network") { virNetworkCreate($0) } }
    package func stopNetwork(_ name: String) throws(HostFailure) { try network(name, "cannot stop network") { virNetworkDestroy($0) } }
    package func undefineNetwork(_ name: String) throws(HostFailure) {
        try network(name, "cannot undefine network") { virNetworkUndefine($0) }
    }

    private func network(_ name: String, _ what: String, _ call: (OpaquePointer) -> Int32) throws(HostFailure) {
        try with { connection throws(LibvirtFailure) in
            guard let network = virNetworkLookupByName(connection, name) else { throw LibvirtFailure.last("\(what) \(name)") }
            defer { virNetworkFree(network) }
            guard call(network) == 0 else { throw LibvirtFailure.last("\(what) \(name)") }
        }
    }

    /// `nil` when there is no such storage pool.
    package func poolIsActive(_ name: String) throws(HostFailure) -> Bool? {
        try with { connection throws(LibvirtFailure) in
            guard let pool = virStoragePoolLookupByName(connection, name) else {
                return try Self.absent("cannot look up storage pool \(name)")
            }
            defer { virStoragePoolFree(pool) }
            return virStoragePoolIsActive(pool) == 1
        }
    }

    package func definePool(_ xml: String) throws(HostFailure) {
        try with { connection throws(LibvirtFailure) in
            guard let pool = virStoragePoolDefineXML(connection, xml, 0) else {
                var failure = LibvirtFailure.last("cannot define the storage pool")
                failure.message += Self.hint(on: failure.message, for: xml) ?? ""
                throw failure
            }
            virStoragePoolFree(pool)
        }
    }

    /// Most kinds of pools are in packages of their own, which an image has when it was asked for.
    package static func hint(on failure: String, for pool: String) -> String? {
        guard failure.contains("missing backend for pool type"), let tag = VerbatimXML(pool)?.tags.first?.text,
            let kind = VerbatimXML.attribute("type", of: tag)
        else { return nil }
        return "; build the image with --package libvirt-daemon-driver-storage-\(kind)"
    }

    package func startPool(_ name: String) throws(HostFailure) {
        try pool(name, "cannot start storage pool") { virStoragePoolCreate($0, 0) }
    }
    package func stopPool(_ name: String) throws(HostFailure) { try pool(name, "cannot stop storage pool") { virStoragePoolDestroy($0) } }
    package func undefinePool(_ name: String) throws(HostFailure) {
        try pool(name, "cannot undefine storage pool") { virStoragePoolUndefine($0) }
    }

    /// The path of a volume: of a file or of a block device.
    package func volumePath(_ name: String, in pool: String) throws(HostFailure) -> String {
        try with { connection throws(LibvirtFailure) in
            let what = "cannot look up volume \(name) of storage pool \(pool)"
            guard let pool = virStoragePoolLookupByName(connection, pool) else { throw LibvirtFailure.last(what) }
            defer { virStoragePoolFree(pool) }
            guard let volume = virStorageVolLookupByName(pool, name) else { throw LibvirtFailure.last(what) }
            defer { virStorageVolFree(volume) }
            guard let path = virStorageVolGetPath(volume) else { throw LibvirtFailure.last(what) }
            defer { free(path) }
            return String(cString: path)
        }
    }

    private func pool(_ name: String, _ what: String, _ call: (OpaquePointer) -> Int32) throws(HostFailure) {
        try with { connection throws(LibvirtFailure) in
            guard let pool = virStoragePoolLookupByName(connection, name) else { throw LibvirtFailure.last("\(what) \(name)") }
            defer { virStoragePoolFree(pool) }
            guard call(pool) == 0 else { throw LibvirtFailure.last("\(what) \(name)") }
        }
    }
}
