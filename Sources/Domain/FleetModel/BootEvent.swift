/// One thing that a server or the host itself saw of a boot. The boot timeline is the list of these under one boot id.
package struct BootEvent: Codable, Sendable, Hashable {
    /// Its place in the journal of the server that wrote it; 0 until it is there.
    package var sequence: Int64
    package var host: HostID?
    package var boot: BootID?
    /// Milliseconds since 1970-01-01 UTC, by the clock of the server that recorded it.
    package var time: Int64
    package var source: Source
    /// What happened, in words joined by hyphens: `discover-received`, `kernel-sent`, `operational`.
    package var name: String
    /// One line for a person: what was asked, answered, measured, refused.
    package var detail: String
    package var attributes: [String: String]

    /// Who saw it.
    package enum Source: String, Codable, Sendable, CaseIterable {
        case dhcp, tftp, http, script, initrd, configuration, agent
        case `operator`
        case fleet
    }

    package init(
        sequence: Int64 = 0, host: HostID?, boot: BootID?, time: Int64, source: Source, name: String, detail: String = "",
        attributes: [String: String] = [:]
    ) {
        (self.sequence, self.host, self.boot, self.time) = (sequence, host, boot, time)
        (self.source, self.name, self.detail, self.attributes) = (source, name, detail, attributes)
    }
}
