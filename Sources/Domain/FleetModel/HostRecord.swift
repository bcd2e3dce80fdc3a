package import HostContract
package import Primitives

/// What the servers keep about one host: its claims, and what it last showed. The operator's wishes are in documents, not here.
package struct HostRecord: Codable, Sendable, Hashable {
    package var id: HostID
    package var claims: HostClaims
    /// The name of the Host document that speaks of it; `nil` while it is only discovered.
    package var document: String?
    /// Milliseconds since 1970.
    package var discoveredAt: Int64
    /// What its firmware told us when it was first seen: architecture, vendor class.
    package var firmware: String?
    package var boot: BootRecord?
    /// A claimed boot, while a message that began the next one is all there is of that. Should the host report under it, it goes on.
    package var overtaken: BootRecord?
    package var inventory: Inventory?
    /// The last order of an upgrade or a restart.
    package var upgrade: UpgradeRecord?
    /// The last order of a renewal of a guest.
    package var renewal: GuestRenewalRecord?
    /// The last image with which it was operational.
    package var lastGood: GoodImage?
    /// What starts of an image have shown since the host was operational with it.
    package var trouble: ImageTrouble?
    /// A boot that seems to have failed, while a message that began the next one is all there is of that.
    package var ended: EndedBoot?
    /// What it boots in place of the assigned image; `nil` for most.
    package var standIn: StandIn?

    package init(id: HostID, claims: HostClaims, document: String? = nil, discoveredAt: Int64, firmware: String? = nil) {
        (self.id, self.claims, self.document, self.discoveredAt, self.firmware) = (id, claims, document, discoveredAt, firmware)
    }
}

/// One start of one host, as far as it came.
package struct BootRecord: Codable, Sendable, Hashable {
    package enum Kind: String, Codable, Sendable, CaseIterable { case cold, kexec, soft }

    /// How far a boot is known to have come. Later phases compare greater.
    package enum Phase: String, Codable, Sendable, CaseIterable, Comparable {
        case firmware, loader, kernel, claimed, agent, converging, operational, failed

        package static func < (a: Self, b: Self) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// Marks on the way of a cold boot, in the order in which they were first seen.
    package enum Step: String, Codable, Sendable {
        /// Kernel and initrds have left our server as a whole.
        case loaded
        case rootVerified = "root-verified"
        case rootRefused = "root-refused"
        case agentMissing = "agent-missing"
    }

    package var id: BootID
    package var kind: Kind
    package var predecessor: BootID?
    package var phase: Phase
    /// Milliseconds since 1970, when the first packet of it was seen.
    package var startedAt: Int64
    package var operationalAt: Int64?
    /// The image that the boot script named.
    package var image: Digest?
    /// The kernel that runs, with its arguments: a soft boot keeps those of the boot before it, whatever its image says.
    package var kernel: Digest?
    package var kernelArguments: [String]?
    /// The nonce of the claim that won this boot; the same claim repeated gets the same answer, another is refused.
    package var nonce: String?
    package var address: IPv4Address?
    /// The last report, milliseconds since 1970.
    package var lastReport: Int64?
    package var status: StatusReport?
    package var steps: [Step]?
    /// Network boot programs that it fetched.
    package var loadersSent: Int?

    package init(id: BootID, kind: Kind, predecessor: BootID?, startedAt: Int64) {
        (self.id, self.kind, self.predecessor, self.startedAt, self.phase) = (id, kind, predecessor, startedAt, .firmware)
    }
}

/// One word for a host, as lists show it.
package enum HostState: String, Codable, Sendable, CaseIterable {
    /// Seen on the wire; no document speaks of it.
    case discovered
    /// A document speaks of it; it has not started yet.
    case expected
    case booting
    case operational
    /// Running, but an item could not be brought in force, or a guest that should run does not.
    case degraded
    /// It was running, and its reports stopped.
    case unreachable

    /// - Parameters now, silence: milliseconds; a host that has not reported for `silence` is unreachable.
    package init(of record: HostRecord, now: Int64, silence: Int64 = 90_000) {
        guard record.document != nil else {
            self = .discovered
            return
        }
        guard let boot = record.boot else {
            self = .expected
            return
        }
        if let last = boot.lastReport, now - last > silence {
            self = .unreachable
            return
        }
        switch boot.phase {
        case .operational: self = .operational
        case .failed: self = .degraded
        // It was operational in this boot already, and is not now: a change is being applied, or a guest is down.
        case .converging where boot.operationalAt != nil: self = .degraded
        default: self = .booting
        }
    }
}
