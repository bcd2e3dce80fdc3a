package import HostContract
import Primitives

/// Kind Guest: a virtual machine and the host that it is placed on.
package struct GuestSpec: Sendable, Hashable {
    /// The name of a Host document.
    package var host: String
    /// With an empty placement: who may run it is decided by the fleet, not by the document.
    package var guest: Guest
    /// Milliseconds that it may stand still for the sake of its host; `nil` for any time, and for restarts.
    package var maximumPause: Int?
    /// By which methods its host may be upgraded or restarted while it runs there; `nil` for any.
    package var upgrade: UpgradePolicy?

    package init(host: String, guest: Guest, maximumPause: Int? = nil, upgrade: UpgradePolicy? = nil) {
        (self.host, self.guest, self.maximumPause, self.upgrade) = (host, guest, maximumPause, upgrade)
    }
}

extension GuestSpec {
    private static let known = [
        "host", "uuid", "memory", "vcpus", "disks", "interfaces", "xml", "maximumPause", "upgrade", "shutdownTimeout", "shutdownOrder",
    ]

    /// - Parameter name: the document's, which is the guest's; empty when that could not be read.
    init?(reading cursor: Cursor, name: String) {
        guard let fields = cursor.fields(Self.known) else { return nil }
        let host = fields.required("host", example: "h1")?.mark().parsed(Rules.nameExpectation, Rules.name)
        let uuid = fields["uuid"]?.mark().value(UniversalUniqueIdentifier.self)
        if uuid?.isUnset ?? false {
            fields["uuid"]?.report(.invalidValue, "this UUID is all zero or all one", hint: "remove it or make one")
        }
        let xml = fields["xml"].flatMap { XMLText.read($0.mark(), root: "domain", name: nil) }
        for other in ["memory", "vcpus", "disks", "interfaces"] {
            fields.exclude("xml", other, because: "the XML says it all but name and UUID")
        }
        // Beside XML, whose own figure counts, a guest has no memory of its own to require.
        let memory = (fields["xml"] == nil ? fields.required("memory", example: "2GiB") : fields["memory"])?
            .parsed(Quantities.sizeExpectation, Quantities.mebibytes)
        let vcpus = fields["vcpus"]?.integer(in: 1...1024)
        let disks = fields["disks"]?.list(of: "disks", uniqueBy: \.source, Self.disk) ?? []
        let interfaces = fields["interfaces"]?.list(of: "interfaces", Self.interface) ?? []
        let pause = fields["maximumPause"]?.parsed(Quantities.pauseExpectation, Quantities.pause)
        let upgrade = UpgradePolicy(reading: fields["upgrade"])
        let timeout = fields["shutdownTimeout"]?.parsed(Quantities.shutdownExpectation, Quantities.shutdown)
        let order = fields["shutdownOrder"]?.integer(in: -100...100)
        guard let host else { return nil }
        self.init(
            host: host,
            guest: Guest(
                name: name, uuid: uuid ?? GuestUUID.derived(from: name), memoryMiB: memory ?? 0, vcpus: vcpus ?? 1, disks: disks,
                interfaces: interfaces, xml: xml, shutdownTimeout: timeout, shutdownOrder: order,
                placement: Guest.Placement(host: "", generation: 0)), maximumPause: pause, upgrade: upgrade)
    }

    private static func disk(_ cursor: Cursor) -> Guest.Disk? {
        guard let fields = cursor.fields(["source", "format", "size", "content"]) else { return nil }
        let source = fields.required("source", example: "/var/lib/libvirt/images/web.raw")?
            .parsed("an absolute path without . or .. in it", Rules.absolutePath)
        let format = fields["format"]?.parsed("raw or qcow2") { ["raw", "qcow2"].contains($0) ? $0 : nil } ?? "raw"
        let size = fields["size"]?.parsed(Quantities.sizeExpectation, Quantities.mebibytes)
        let content = fields["content"]?.parsed("base64 of at most 1 MiB") { text in
            Base64.check(text).flatMap { (1...1 << 20).contains($0.bytes) ? $0 : nil }
        }
        if let content {
            if format != "raw" { fields["content"]?.report(.conflictingFields, "content needs format: raw") }
            if let size, content.bytes > size << 20 {
                fields["content"]?.report(.conflictingFields, "the content has \(content.bytes) bytes, which is more than size")
            }
        }
        return source.map { Guest.Disk(source: $0, format: format, sizeMiB: size, content: content?.text) }
    }

    private static func interface(_ cursor: Cursor) -> Guest.Interface? {
        guard let fields = cursor.fields(["network", "bridge", "hardwareAddress"]) else { return nil }
        SettingsFields.oneOf("network", "bridge", in: fields)
        return Guest.Interface(
            network: fields["network"]?.parsed("the name of a network", Rules.objectName),
            bridge: fields["bridge"]?.parsed("the name of a bridge like br0", Rules.interfaceName),
            hardwareAddress: fields["hardwareAddress"].flatMap(HostSpec.hardwareAddress))
    }
}
