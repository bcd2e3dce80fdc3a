import DHCPWire
import Primitives

extension DHCPSnippet {
    /// dhcpd.conf(5) of ISC DHCP 4.3 and later.
    var iscDHCPD: [String] {
        var lines = introduction("#", "Write it to a file, and say in dhcpd.conf, outside every subnet: include \"/etc/dhcp/bennu.conf\";")
        lines += [
            "",
            "option bennu-architecture code 93 = string;",
            "option bennu-ipxe code 175 = string;",
        ]
        // RFC 3004 wants a counted string; iPXE sends a bare one.
        let ipxe = "exists bennu-ipxe or substring(option user-class, 0, 4) = \"iPXE\" or substring(option user-class, 1, 4) = \"iPXE\""
        for kind in classes {
            lines += ["", "class \"\(Self.tag(kind))\" {"]
            switch kind.sign {
            case .ipxe:
                lines.append("  match if \(ipxe);")
            case .architecture(let architecture):
                let code = "\(Self.digits(architecture.rawValue >> 8)):\(Self.digits(architecture.rawValue & 255))"
                let vendorClass = architecture.vendorClass
                lines.append("  match if not (\(ipxe))")
                lines.append("    and (substring(option bennu-architecture, 0, 2) = \(code)")
                lines.append(
                    "      or (not exists bennu-architecture and substring(option vendor-class-identifier, 0, \(vendorClass.utf8.count)) = \"\(vendorClass)\"));"
                )
            }
            lines += iscBoot(kind.directions).map { "  \($0);" } + ["}"]
        }
        return lines
    }

    private func iscBoot(_ directions: BootDirections) -> [String] {
        switch directions {
        case .script(let url):
            ["filename \"\(url)\"", "option bennu-ipxe \(Self.withoutProxyDHCP.map { Self.digits(UInt16($0)) }.joined(separator: ":"))"]
        case .http(let url): ["filename \"\(url)\"", "option vendor-class-identifier \"HTTPClient\""]
        case .tftp(let file, let server): ["next-server \(server)", "server-name \"\(server)\"", "filename \"\(file)\""]
        case .none, .refused: []
        }
    }

    private static func digits(_ byte: UInt16) -> String { Hexadecimal.encode([UInt8(truncatingIfNeeded: byte)]) }
}
