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
    package init(
        version: String, site: String, roles: [String], processID: Int32, revision: UInt64, hosts: [String: Int],
        counters: [String: [String: UInt64]]
    ) {
        (self.version, self.site, self.roles, self.processID) = (version, site, roles, processID)
        (self.revision, self.hosts, self.counters) = (revision, hosts, counters)
    }
}
