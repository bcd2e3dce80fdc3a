import HostContract
import Primitives

extension Bridge {
    /// What systemd-networkd is to read, by path.
    func networkFiles(interfaces: [String], hardwareAddress: HardwareAddress?) -> [String: [UInt8]] {
        let device = """
            [NetDev]
            Name=\(name)
            Kind=bridge
            \(hardwareAddress.map { "MACAddress=\($0)\n" } ?? "")\(mtu.map { "MTUBytes=\($0)\n" } ?? "")
            [Bridge]
            STP=no
            ForwardDelaySec=0

            """
        // SendRelease counts when a port's own lease ends, which the bridge goes on with: a server that others run would give the address to the next.
        let ports = """
            [Match]
            Name=\(interfaces.joined(separator: " "))

            \(mtu.map { "[Link]\nMTUBytes=\($0)\n\n" } ?? "")[Network]
            Bridge=\(name)
            LinkLocalAddressing=no

            [DHCPv4]
            SendRelease=no

            """
        let paths = Self.paths(of: name)
        var files = [paths[0]: Array(device.utf8), paths[1]: Array(bridgeNetwork.utf8)]
        if !interfaces.isEmpty { files[paths[2]] = Array(ports.utf8) }
        return files
    }

    private var bridgeNetwork: String {
        let match = "[Match]\nName=\(name)\n\n[Network]\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
        switch addressing {
        case .none: return match + "ConfigureWithoutCarrier=yes\n"
        case .dhcp:
            // The server knows the host's lease by this client identifier (RFC 2132 section 9.14), and the address is not given back when networkd stops.
            return match
                + "DHCP=ipv4\nKeepConfiguration=dynamic-on-stop\n\n[DHCPv4]\nClientIdentifier=mac\nUseHostname=no\nSendRelease=no\n"
        case .fixed(let interfaces, let gateway, let nameServers):
            let lines = interfaces.map { "Address=\($0)" } + (gateway.map { ["Gateway=\($0)"] } ?? []) + nameServers.map { "DNS=\($0)" }
            return match + lines.map { $0 + "\n" }.joined() + "ConfigureWithoutCarrier=yes\n"
        }
    }
}
