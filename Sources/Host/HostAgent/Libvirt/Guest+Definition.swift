import GuestXML
import HostContract
import Primitives

extension Guest {
    /// libvirt's domain XML for this guest on this platform; the operator's own, with name and UUID set, if there is one.
    func definition(on platform: GuestPlatform) throws(HostFailure) -> String {
        guard !name.isEmpty, name.utf8.count <= 200, !name.contains("/"), !name.utf8.contains(where: { $0 < 32 }) else {
            throw HostFailure(.invalidItem, "\"\(name)\" is not a name for a guest")
        }
        if let xml {
            guard let verbatim = VerbatimXML(xml) else { throw HostFailure(.invalidItem, "the XML of guest \(name) is not well-formed") }
            return verbatim.setting(["name": name, "uuid": uuid.description])
        }
        guard memoryMiB > 0, vcpus > 0 else { throw HostFailure(.invalidItem, "guest \(name) has no memory or no processor") }
        let machine = platform.machine.map { " machine='\(VerbatimXML.escape($0))'" } ?? ""
        let isTest = platform.domainType == "test"
        return """
            <domain type='\(platform.domainType)'>
            <name>\(VerbatimXML.escape(name))</name>
            <uuid>\(uuid)</uuid>
            <memory unit='MiB'>\(memoryMiB)</memory>
            <vcpu>\(vcpus)</vcpu>
            <os><type arch='\(platform.architecture)'\(machine)>hvm</type>\(disks.isEmpty ? "<boot dev='network'/>" : "<boot dev='hd'/>")</os>
            \(isTest ? "" : "<features><acpi/><apic/></features>")
            \(platform.domainType == "kvm" ? "<cpu mode='host-passthrough'/>" : "")
            <clock offset='utc'/>
            <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>restart</on_crash>
            <devices>
            \(platform.emulator.map { "<emulator>\(VerbatimXML.escape($0))</emulator>" } ?? "")
            \(disks.enumerated().map { Self.element($0.element, index: $0.offset) }.joined(separator: "\n"))
            \(interfaces.map(Self.element).joined(separator: "\n"))
            \(isTest ? "" : Self.fixedDevices(name))
            </devices>
            </domain>
            """
    }

    private static func element(_ disk: Disk, index: Int) -> String {
        let isBlock = disk.source.hasPrefix("/dev/")
        let source = VerbatimXML.escape(disk.source)
        return """
            <disk type='\(isBlock ? "block" : "file")' device='disk'><driver name='qemu' type='\(VerbatimXML.escape(disk.format))'/>\
            <source \(isBlock ? "dev" : "file")='\(source)'/><target dev='vd\(suffix(index))' bus='virtio'/></disk>
            """
    }

    private static func element(_ interface: Interface) -> String {
        let mac = interface.hardwareAddress.map { "<mac address='\($0)'/>" } ?? ""
        if let network = interface.network {
            return "<interface type='network'>\(mac)<source network='\(VerbatimXML.escape(network))'/><model type='virtio'/></interface>"
        }
        return
            "<interface type='bridge'>\(mac)<source bridge='\(VerbatimXML.escape(interface.bridge ?? ""))'/><model type='virtio'/></interface>"
    }

    /// Where QEMU's own log and the guests' serial consoles are kept.
    static let logDirectory = "/var/log/libvirt/qemu"

    /// A serial console that is kept in a file as well, and nothing to look at: nobody sits in front of it.
    private static func fixedDevices(_ name: String) -> String {
        let log = VerbatimXML.escape("\(logDirectory)/\(name)-serial.log")
        return """
            <serial type='pty'><log file='\(log)' append='on'/><target port='0'/></serial>
            <console type='pty'><target type='serial' port='0'/></console>
            <video><model type='none'/></video>
            <memballoon model='virtio'/>
            <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
            """
    }

    /// `a` through `z`, then `aa`.
    private static func suffix(_ index: Int) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz")
        return index < 26 ? String(letters[index]) : suffix(index / 26 - 1) + String(letters[index % 26])
    }
}
