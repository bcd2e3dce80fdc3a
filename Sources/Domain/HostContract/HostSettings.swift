/// All items of one host: what Profile and Host documents say, merged, and what the agent converges.
package struct HostSettings: Codable, Sendable, Hashable {
    package var hostName: String?
    package var timeServers: [String]
    package var authorizedKeys: [AuthorizedKey]
    package var bridges: [Bridge]
    package var files: [File]
    package var sysctls: [Sysctl]
    package var networks: [GuestNetwork]
    package var storagePools: [StoragePool]
    package var guests: [Guest]
    /// Kernel arguments beyond those that Bennu adds. The one part that only a restart applies.
    package var kernelArguments: [String]
    /// Memory to set aside for guests, so that it outlives the kernel (MiB). Needs a restart, too: the server makes a kernel argument of it.
    package var guestMemoryMiB: Int?

    package init(
        hostName: String? = nil, timeServers: [String] = [], authorizedKeys: [AuthorizedKey] = [], bridges: [Bridge] = [],
        files: [File] = [], sysctls: [Sysctl] = [], networks: [GuestNetwork] = [], storagePools: [StoragePool] = [],
        guests: [Guest] = [], kernelArguments: [String] = [], guestMemoryMiB: Int? = nil
    ) {
        (self.hostName, self.timeServers, self.authorizedKeys, self.bridges) = (hostName, timeServers, authorizedKeys, bridges)
        (self.files, self.sysctls, self.networks, self.storagePools) = (files, sysctls, networks, storagePools)
        (self.guests, self.kernelArguments, self.guestMemoryMiB) = (guests, kernelArguments, guestMemoryMiB)
    }

    /// This layer with a more specific one over it: an item of the same kind and name replaces, others are added; single values replace.
    package func merged(with layer: HostSettings) -> HostSettings {
        func over<Item: SettingsItem>(_ below: [Item], _ above: [Item]) -> [Item] {
            let replaced = Set(above.map(\.name))
            return below.filter { !replaced.contains($0.name) } + above
        }
        return HostSettings(
            hostName: layer.hostName ?? hostName,
            timeServers: layer.timeServers.isEmpty ? timeServers : layer.timeServers,
            authorizedKeys: over(authorizedKeys, layer.authorizedKeys), bridges: over(bridges, layer.bridges),
            files: over(files, layer.files), sysctls: over(sysctls, layer.sysctls), networks: over(networks, layer.networks),
            storagePools: over(storagePools, layer.storagePools), guests: over(guests, layer.guests),
            kernelArguments: kernelArguments + layer.kernelArguments.filter { !kernelArguments.contains($0) },
            guestMemoryMiB: layer.guestMemoryMiB ?? guestMemoryMiB)
    }
}
