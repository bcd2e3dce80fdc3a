import DHCPWire
import Primitives

extension DHCPSnippet {
    /// Kea 2.2 and later: a list of client classes.
    var kea: [String] {
        var lines = introduction("//", "Write it to a file, and say in Dhcp4: \"client-classes\": <?include \"/etc/kea/bennu.json\"?>")
        lines.append("[")
        for (index, kind) in classes.enumerated() {
            let fields = [("name", Self.tag(kind)), ("test", Self.keaTest(kind.sign))] + keaBoot(kind.directions)
            let text = fields.map { "    \"\($0.0)\": \"\($0.1)\"" } + [Self.keaOptions(kind.directions)].compactMap(\.self)
            lines += ["  {", text.joined(separator: ",\n"), index == classes.count - 1 ? "  }" : "  },"]
        }
        return lines + ["]"]
    }

    private static func keaTest(_ sign: BootClass.Sign) -> String {
        switch sign {
        case .ipxe:
            // RFC 3004 wants a counted string; iPXE sends a bare one.
            return "option[175].exists or substring(option[77].hex, 0, 4) == 'iPXE' or substring(option[77].hex, 1, 4) == 'iPXE'"
        case .architecture(let architecture):
            let code = Hexadecimal.encode([UInt8(architecture.rawValue >> 8), UInt8(architecture.rawValue & 255)])
            let vendorClass = architecture.vendorClass
            return "not member('bennu-ipxe') and (substring(option[93].hex, 0, 2) == 0x\(code)"
                + " or (not option[93].exists and substring(option[60].hex, 0, \(vendorClass.utf8.count)) == '\(vendorClass)'))"
        }
    }

    private func keaBoot(_ directions: BootDirections) -> [(String, String)] {
        switch directions {
        case .script(let url), .http(let url): [("boot-file-name", url)]
        case .tftp(let file, let server): [("next-server", "\(server)"), ("server-hostname", "\(server)"), ("boot-file-name", file)]
        case .none, .refused: []
        }
    }

    private static func keaOptions(_ directions: BootDirections) -> String? {
        let option: String
        switch directions {
        case .script:
            option = #""space": "dhcp4", "code": 175, "csv-format": false, "data": "\#(Hexadecimal.encode(withoutProxyDHCP))""#
        case .http:
            option = #""name": "vendor-class-identifier", "data": "HTTPClient""#
        case .tftp, .none, .refused: return nil
        }
        return "    \"option-data\": [{\(option), \"always-send\": true}]"
    }
}
