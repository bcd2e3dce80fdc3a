import FleetModel
import HostContract
import Primitives

extension HostSpec {
    /// A Host document that parses to exactly this, for hosts that are accepted or changed by command. Ends with a line break.
    package func yaml(metadata: Metadata) -> String {
        var writer = YAMLWriter()
        writer.field("apiVersion", DocumentKind.apiVersion, depth: 0)
        writer.field("kind", DocumentKind.host.rawValue, depth: 0)
        writer.open("metadata", depth: 0)
        writer.field("name", metadata.name, depth: 1)
        if !metadata.labels.isEmpty {
            writer.open("labels", depth: 1)
            for (key, value) in metadata.labels.sorted(by: { $0.key < $1.key }) { writer.field(key, value, depth: 2) }
        }
        writer.open("spec", depth: 0)
        writer.field("uuid", uuid?.description, depth: 1)
        writer.list("hardwareAddresses", hardwareAddresses.map(\.description), depth: 1)
        writer.field("address", address?.description, depth: 1)
        if !options.isEmpty {
            writer.open("options", depth: 1)
            for (code, bytes) in options.sorted(by: { $0.key < $1.key }) {
                writer.open(String(code), depth: 2)
                writer.field("hex", Hexadecimal.encode(bytes), depth: 3)
            }
        }
        writer.field("hostName", hostName, depth: 1)
        writer.field("image", image?.description, depth: 1)
        writer.list("profiles", profiles, depth: 1)
        writer.policy(upgrade)
        writer.settings(settings)
        return writer.text
    }
}

extension YAMLWriter {
    /// The fields that Profile and Host documents share.
    mutating func settings(_ settings: HostSettings) {
        list("timeServers", settings.timeServers, depth: 1)
        list("authorizedKeys", settings.authorizedKeys.map(\.line), depth: 1)
        list("bridges", of: settings.bridges.map(Self.fields), depth: 1)
        list(
            "files",
            of: settings.files.map {
                let mode = String($0.mode, radix: 8)
                return [
                    ("path", Self.scalar($0.path)), ("content", Self.scalar($0.content)),
                    ("mode", Self.scalar(String(repeating: "0", count: max(0, 4 - mode.count)) + mode)),
                ]
            }, depth: 1)
        if !settings.sysctls.isEmpty {
            open("sysctls", depth: 1)
            for sysctl in settings.sysctls { field(sysctl.name, sysctl.value, depth: 2) }
        }
        list(
            "networks",
            of: settings.networks.map {
                [("name", Self.scalar($0.name)), ("bridge", $0.bridge.map(Self.scalar)), ("xml", $0.xml.map(Self.scalar))]
            }, depth: 1)
        list(
            "storagePools",
            of: settings.storagePools.map {
                [("name", Self.scalar($0.name)), ("path", $0.path.map(Self.scalar)), ("xml", $0.xml.map(Self.scalar))]
            }, depth: 1)
        list("kernelArguments", settings.kernelArguments, depth: 1)
        field("guestMemory", settings.guestMemoryMiB.map(Quantities.text(mebibytes:)), depth: 1)
    }

    private static func fields(of bridge: Bridge) -> [(name: String, value: String?)] {
        var fields: [(name: String, value: String?)] = [
            ("name", scalar(bridge.name)), ("ports", bridge.ports.isEmpty ? nil : flow(bridge.ports)),
        ]
        switch bridge.addressing {
        case .none: break
        case .dhcp: fields.append(("dhcp", "true"))
        case .fixed(let addresses, let gateway, let nameServers):
            fields.append(("addresses", flow(addresses.map(\.description))))
            fields.append(("gateway", gateway.map { scalar($0.description) }))
            fields.append(("nameServers", nameServers.isEmpty ? nil : flow(nameServers.map(\.description))))
        }
        fields.append(("mtu", bridge.mtu.map(String.init)))
        return fields
    }
}
