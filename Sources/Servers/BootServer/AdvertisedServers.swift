package import BootPolicy

/// How URLs in scripts name our servers. Hosts are told the address that they reached us at, unless `host` says otherwise: with several
/// interfaces served no single address is right for every host.
package struct AdvertisedServers: Sendable, Hashable {
    /// An IP literal or name that replaces the address of the accepted connection, for a server behind address translation.
    package var host: String?
    /// Port of the boot server as hosts see it; `nil` for the one that the connection was accepted at.
    package var bootPort: Int?
    package var configurationPort: Int

    package init(host: String? = nil, bootPort: Int? = nil, configurationPort: Int) {
        (self.host, self.bootPort, self.configurationPort) = (host, bootPort, configurationPort)
    }

    package func servers(localAddress: String, localPort: Int) -> IPXEScript.Servers {
        let address = host ?? localAddress
        // RFC 3986 section 3.2.2: an IPv6 literal stands in brackets.
        let name = address.contains(":") ? "[\(address)]" : address
        return IPXEScript.Servers(
            boot: Self.url(name, port: bootPort ?? localPort), configuration: Self.url(name, port: configurationPort))
    }

    private static func url(_ name: String, port: Int) -> String { port == 80 ? "http://\(name)" : "http://\(name):\(port)" }
}
