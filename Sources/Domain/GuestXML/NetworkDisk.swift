/// A disk that a guest's QEMU has over the network by itself (libvirt, format domain: a `source` with a `protocol`, and a `host` for each server).
package struct NetworkDisk: Sendable, Hashable, CustomStringConvertible {
    package enum Server: Sendable, Hashable, CustomStringConvertible {
        case tcp(host: String, port: Int)
        case unix(path: String)

        package var description: String {
            switch self {
            case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            case .unix(let path): path
            }
        }
    }

    /// libvirt's word: `nbd`, `iscsi`, `rbd`.
    package var scheme: String
    package var name: String
    /// Any one of them is enough. Those that are reached by neither TCP nor a socket (TFTP, RDMA) are left out.
    package var servers: [Server]

    package init(scheme: String, name: String, servers: [Server]) { (self.scheme, self.name, self.servers) = (scheme, name, servers) }

    package var description: String { name.isEmpty ? scheme : "\(scheme):\(name)" }

    /// Where a definition names no port: IANA's, as QEMU takes them.
    private static let usualPorts = [
        "nbd": [10809], "iscsi": [3260], "rbd": [3300, 6789], "gluster": [24007], "sheepdog": [7000], "ssh": [22], "nfs": [2049], "http": [80],
        "https": [443], "ftp": [21], "ftps": [990],
    ]

    /// In the order of the definition; the files that lie below a disk are among them.
    package static func all(in document: VerbatimXML) -> [NetworkDisk] {
        var disks: [NetworkDisk] = []
        var isOpen = false
        for tag in document.tags {
            switch tag.name {
            case "source":
                let scheme = VerbatimXML.attribute("protocol", of: tag.text)
                isOpen = scheme != nil
                if let scheme { disks.append(NetworkDisk(scheme: scheme, name: VerbatimXML.attribute("name", of: tag.text) ?? "", servers: [])) }
            case "host" where isOpen:
                disks[disks.count - 1].servers += servers(tag.text, of: disks[disks.count - 1].scheme)
            default: break
            }
        }
        return disks
    }

    private static func servers(_ tag: String, of scheme: String) -> [Server] {
        switch VerbatimXML.attribute("transport", of: tag) ?? "tcp" {
        case "unix": return VerbatimXML.attribute("socket", of: tag).map { [.unix(path: $0)] } ?? []
        case "tcp":
            let ports = VerbatimXML.attribute("port", of: tag).map { [Int($0) ?? 0] } ?? usualPorts[scheme] ?? []
            guard let name = VerbatimXML.attribute("name", of: tag) else { return [] }
            let host = String(name.drop { $0 == "[" }.prefix { $0 != "]" })
            return ports.filter { (1...65535).contains($0) }.map { .tcp(host: host, port: $0) }
        default: return []
        }
    }
}
