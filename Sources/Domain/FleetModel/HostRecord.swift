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
    /// What it showed, apart: a host that never started takes a tenth of the memory without.
    private var shown: Shown?

    package init(id: HostID, claims: HostClaims, document: String? = nil, discoveredAt: Int64, firmware: String? = nil) {
        (self.id, self.claims, self.document, self.discoveredAt, self.firmware) = (id, claims, document, discoveredAt, firmware)
    }
}

extension HostRecord {
    package var boot: BootRecord? {
        get { shown?.facts.boot }
        set { facts.boot = newValue }
    }
    /// A claimed boot, while a message that began the next one is all there is of that. Should the host report under it, it goes on.
    package var overtaken: BootRecord? {
        get { shown?.facts.overtaken }
        set { facts.overtaken = newValue }
    }
    package var inventory: Inventory? {
        get { shown?.facts.inventory }
        set { facts.inventory = newValue }
    }
    /// The last order of an upgrade or a restart.
    package var upgrade: UpgradeRecord? {
        get { shown?.facts.upgrade }
        set { facts.upgrade = newValue }
    }
    /// The last order of a renewal of a guest.
    package var renewal: GuestRenewalRecord? {
        get { shown?.facts.renewal }
        set { facts.renewal = newValue }
    }
    /// The last image with which it was operational.
    package var lastGood: GoodImage? {
        get { shown?.facts.lastGood }
        set { facts.lastGood = newValue }
    }
    /// What starts of an image have shown since the host was operational with it.
    package var trouble: ImageTrouble? {
        get { shown?.facts.trouble }
        set { facts.trouble = newValue }
    }
    /// A boot that seems to have failed, while a message that began the next one is all there is of that.
    package var ended: EndedBoot? {
        get { shown?.facts.ended }
        set { facts.ended = newValue }
    }
    /// What it boots in place of the assigned image; `nil` for most.
    package var standIn: StandIn? {
        get { shown?.facts.standIn }
        set { facts.standIn = newValue }
    }

    private var facts: Facts {
        get { shown?.facts ?? Facts() }
        set { shown = newValue == Facts() ? nil : Shown(newValue) }
    }

    private struct Facts: Codable, Sendable, Hashable {
        var boot: BootRecord?
        var overtaken: BootRecord?
        var inventory: Inventory?
        var upgrade: UpgradeRecord?
        var renewal: GuestRenewalRecord?
        var lastGood: GoodImage?
        var trouble: ImageTrouble?
        var ended: EndedBoot?
        var standIn: StandIn?
    }

    private final class Shown: Sendable, Hashable {
        let facts: Facts
        init(_ facts: Facts) { self.facts = facts }
        static func == (a: Shown, b: Shown) -> Bool { a === b || a.facts == b.facts }
        func hash(into hasher: inout Hasher) { hasher.combine(facts) }
    }
}

/// One object, whatever is kept apart.
extension HostRecord {
    private enum CodingKeys: String, CodingKey { case id, claims, document, discoveredAt, firmware }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try values.decode(HostID.self, forKey: .id), claims: try values.decode(HostClaims.self, forKey: .claims),
            document: try values.decodeIfPresent(String.self, forKey: .document),
            discoveredAt: try values.decode(Int64.self, forKey: .discoveredAt),
            firmware: try values.decodeIfPresent(String.self, forKey: .firmware))
        facts = try Facts(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encode(claims, forKey: .claims)
        try values.encodeIfPresent(document, forKey: .document)
        try values.encode(discoveredAt, forKey: .discoveredAt)
        try values.encodeIfPresent(firmware, forKey: .firmware)
        try shown?.facts.encode(to: encoder)
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
    /// Milliseconds for which our servers made it wait to download; what it had to wait for is no sign of trouble.
    package var queued: Int64?

    /// When it would have begun without that.
    var workedSince: Int64 { startedAt + (queued ?? 0) }

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
