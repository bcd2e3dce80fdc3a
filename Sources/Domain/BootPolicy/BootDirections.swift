package import DHCPWire
package import Primitives

/// What a client is told to load after it has its address.
package enum BootDirections: Sendable, Hashable {
    /// An address and nothing else: the running system, a printer.
    case none
    /// A boot program by TFTP.
    case tftp(file: String, server: IPv4Address)
    /// A boot program by HTTP, for firmware that demands `HTTPClient` in the reply.
    case http(url: String)
    /// iPXE's script.
    case script(url: String)
    /// It still gets an address; there is no program for its architecture.
    case refused(DHCPRefusal)
}

extension BootDirections {
    /// Decides by the client's stage and architecture. `client` is `nil` for a message that nothing marks as network boot.
    package init(for client: BootClient?, hardwareAddress: HardwareAddress, servers: ServerAddresses, loaders: LoaderTable) {
        guard let client else {
            self = .none
            return
        }
        if client.kind == .ipxe, client.canLoadScripts {
            let uuid = client.machineIdentifier.map { "&uuid=\($0)" } ?? ""
            self = .script(url: "\(servers.httpBase)/boot.ipxe?mac=\(hardwareAddress)\(uuid)")
            return
        }
        do throws(DHCPRefusal) {
            let file = try loaders.file(for: client)
            self = client.kind == .http ? .http(url: "\(servers.httpBase)/boot-files/\(file)") : .tftp(file: file, server: servers.tftp)
        } catch {
            self = .refused(error)
        }
    }
}

extension BootClient {
    /// Some ROMs hold an iPXE without HTTP, and say so: they load our own by TFTP first. One that lists no features has the usual ones.
    var canLoadScripts: Bool {
        guard let ipxe else { return true }
        let listsFeatures = ipxe.suboptions.elements.contains { (0x10...0x7f).contains($0.code) }
        return !listsFeatures || ipxe.supports(.http)
    }

    /// For people: `x64-uefi (ipxe)`.
    package var summary: String { "\(architecture.map(\.description) ?? "unknown architecture") (\(kind.rawValue))" }
}
