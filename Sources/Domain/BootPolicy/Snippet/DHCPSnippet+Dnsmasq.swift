import DHCPWire

extension DHCPSnippet {
    /// dnsmasq(8) of 2.80 and later.
    var dnsmasq: [String] {
        var lines = introduction("#", "Write it to a file that dnsmasq reads, like /etc/dnsmasq.d/bennu.conf.")
        for kind in classes {
            let name = Self.tag(kind)
            switch kind.sign {
            case .ipxe:
                lines += ["", "dhcp-match=set:\(name),175", "dhcp-userclass=set:\(name),iPXE"]
            case .architecture(let architecture):
                lines += [
                    "", "dhcp-match=set:\(name),option:client-arch,\(architecture.rawValue)",
                    "dhcp-vendorclass=set:\(name),\(architecture.vendorClass)",
                ]
            }
            // iPXE says what its firmware says besides.
            let tags = kind.sign == .ipxe ? "tag:\(name)" : "tag:!bennu-ipxe,tag:\(name)"
            switch kind.directions {
            case .script(let url):
                lines += ["dhcp-boot=\(tags),\(url)", "dhcp-option-force=\(tags),encap:175,\(IPXEOptions.noProxyDHCP),1b"]
            case .http(let url):
                lines += ["dhcp-boot=\(tags),\(url)", "dhcp-option-force=\(tags),60,HTTPClient"]
            case .tftp(let file, let server):
                lines.append("dhcp-boot=\(tags),\(file),\(server),\(server)")
            case .none, .refused: break
            }
        }
        return lines
    }

    static func tag(_ kind: BootClass) -> String { "bennu-\(kind.name)" }
}
