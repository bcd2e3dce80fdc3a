package import FleetModel
package import Primitives

/// `bennu status`: what this server is and does.
package struct ServerStatus: Codable, Sendable, Hashable {
    package var version: String
    package var site: String
    package var roles: [String]
    package var processID: Int32
    /// Of the documents.
    package var revision: UInt64
    package var hosts: [String: Int]
    /// Requests and refusals by name, a table a role.
    package var counters: [String: [String: UInt64]]
    /// Where hosts boot from, an interface each; empty where this process serves no boots.
    package var bootServers: [BootServerAddress]
    /// Downloads where they are limited; `nil` where nothing is.
    package var downloads: DownloadLoads?
    /// How full the pools are; `nil` where this process serves no DHCP.
    package var addresses: AddressUse?
    /// Network boot programs that documents add, by the number of their architecture, where they are for every vendor class; `nil` for none.
    package var loaders: [Int: String]?

    /// Our address on an interface, and the port of HTTP there.
    package struct BootServerAddress: Codable, Sendable, Hashable {
        package var interface: String
        package var address: IPv4Address
        package var httpPort: UInt16
        package init(interface: String, address: IPv4Address, httpPort: UInt16) {
            (self.interface, self.address, self.httpPort) = (interface, address, httpPort)
        }
    }

    package init(
        version: String, site: String, roles: [String], processID: Int32, revision: UInt64, hosts: [String: Int],
        counters: [String: [String: UInt64]], bootServers: [BootServerAddress] = [],
        downloads: DownloadLoads? = nil, loaders: [Int: String]? = nil
    ) {
        (self.downloads, self.loaders) = (downloads, loaders)
        self.bootServers = bootServers
        (self.version, self.site, self.roles, self.processID) = (version, site, roles, processID)
        (self.revision, self.hosts, self.counters) = (revision, hosts, counters)
    }
}
