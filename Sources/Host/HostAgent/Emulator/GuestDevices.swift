import GuestXML

/// The devices of a running guest in libvirt's definition, as far as QEMU's arguments do not tell what they are.
struct GuestDevices {
    private struct Device {
        var tags: [(name: String, text: String)]
        var alias: String?
    }

    private let devices: [Device]
    /// What libvirt does for the guest beside starting QEMU with arguments; `nil` when that is nothing.
    let needsLibvirt: String?

    /// - Parameter element: of libvirt's notes about a guest, in which the definition lies.
    /// - Returns: `nil` when the definition cannot be read.
    init?(_ text: String, below element: String? = nil) {
        guard let live = element.map({ name in VerbatimXML(text)?.elements.first { $0.name == name }?.text }) ?? text else { return nil }
        guard let document = VerbatimXML(live), let inner = document.elements.first(where: { $0.name == "devices" })?.text,
            let list = VerbatimXML(inner)
        else { return nil }
        devices = list.elements.map { element in
            // One without content names itself only.
            let tags = VerbatimXML(element.text)?.tags ?? [(element.name, element.text)]
            let alias = tags.first { $0.name == "alias" }.flatMap { VerbatimXML.attribute("name", of: $0.text) }
            return Device(tags: tags, alias: alias)
        }
        needsLibvirt = Self.reason(document.tags)
    }

    /// Set by libvirt in control groups, in the kernel's network, or by commands to QEMU after it started.
    private static let setOutside: Set<String> = [
        "cputune", "memtune", "blkiotune", "numatune", "iotune", "throttlefilters", "throttlegroups", "bandwidth", "filterref", "virtualport",
        "vlan", "coalesce", "lease", "shmem", "smartcard", "redirdev", "hostdev", "filesystem", "tpm", "launchSecurity", "vsock", "mdev", "nvdimm",
    ]

    private static func reason(_ tags: [(name: String, text: String)]) -> String? {
        for (name, text) in tags {
            if setOutside.contains(name) { return "has <\(name)>" }
            let type = VerbatimXML.attribute("type", of: text)
            switch name {
            case "interface" where type != "bridge" && type != "network": return "has an interface of type \(type ?? "?")"
            case "link" where VerbatimXML.attribute("state", of: text) == "down": return "has an interface that is down"
            case "port" where VerbatimXML.attribute("isolated", of: text) == "yes": return "has an isolated interface"
            case "graphics" where VerbatimXML.attribute("passwd", of: text) != nil: return "has a console with a password"
            case "stats" where VerbatimXML.attribute("period", of: text) != nil: return "has statistics of its balloon"
            case "vcpu" where text.contains("'auto'"): return "has processors that libvirt chooses"
            case "disk" where type != "file": return "has a disk of type \(type ?? "?")"
            default: continue
            }
        }
        return nil
    }

    /// Files that disks are in, those below them included, by libvirt's number.
    var images: [String: String] {
        let sources = devices.flatMap(\.tags).filter { $0.name == "source" }
        return sources.reduce(into: [:]) { images, tag in
            guard let index = VerbatimXML.attribute("index", of: tag.text) else { return }
            images[index] = VerbatimXML.attribute("file", of: tag.text) ?? ""
        }
    }

    private func device(_ alias: String) -> Device? { devices.first { $0.alias == alias } }

    /// Where a character device's socket is.
    func socket(of alias: String) -> String? {
        guard let source = device(alias)?.tags.first(where: { $0.name == "source" })?.text, VerbatimXML.attribute("mode", of: source) == "bind"
        else { return nil }
        return VerbatimXML.attribute("path", of: source)
    }

    /// The pseudo terminal of a character device.
    func terminal(of alias: String) -> String? {
        device(alias)?.tags.first { $0.name == "source" }.flatMap { VerbatimXML.attribute("path", of: $0.text) }
    }

    /// The file that a character device's output is kept in as well.
    func log(of alias: String) -> String? {
        device(alias)?.tags.first { $0.name == "log" }.flatMap { VerbatimXML.attribute("file", of: $0.text) }
    }
}
