/// Where a host stands that waits for a slot to download in.
package struct QueuePlace: Codable, Sendable, Hashable {
    package var need: DownloadNeed
    /// Since it first asked.
    package var seconds: Int
    /// Hosts that get a slot before it.
    package var before: Int
    package init(need: DownloadNeed, seconds: Int, before: Int) { (self.need, self.seconds, self.before) = (need, seconds, before) }

    /// `34 s for its kernel, 12 before it`
    package var text: String { "\(seconds) s for its \(need.text), \(before) before it" }
}

/// What a host downloads in one slot.
package enum DownloadNeed: String, Codable, Sendable, CaseIterable {
    /// Kernel and initrds, by iPXE.
    case kernel
    /// The root image, by the initrd.
    case root
    /// The root image of a system to come, by the agent of a running host.
    case upgrade

    package var text: String {
        switch self {
        case .kernel: "kernel"
        case .root: "root image"
        case .upgrade: "next root image"
        }
    }
}

/// How many hosts download at the same time, where that is limited.
package struct DownloadLoad: Codable, Sendable, Hashable {
    package var limit: Int
    /// Slots that are held, by hosts that download or were told to.
    package var downloading: Int
    package var queued: Int
    package init(limit: Int, downloading: Int, queued: Int) { (self.limit, self.downloading, self.queued) = (limit, downloading, queued) }
}

/// `bennu status`: who downloads and who waits, where there is a limit.
package struct DownloadLoads: Codable, Sendable, Hashable {
    /// Of the boot server; `nil` where it has no limit.
    package var server: DownloadLoad?
    /// By the names of subnets that have one.
    package var subnets: [String: DownloadLoad]
    package init(server: DownloadLoad?, subnets: [String: DownloadLoad]) { (self.server, self.subnets) = (server, subnets) }

    package var orNil: DownloadLoads? { server == nil && subnets.isEmpty ? nil : self }
}
