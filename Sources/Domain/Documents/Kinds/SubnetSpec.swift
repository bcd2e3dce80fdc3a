package import FleetModel
package import Primitives

/// Kind Subnet: a network that the DHCP server serves.
package struct SubnetSpec: Sendable, Hashable {
    package var prefix: IPv4Prefix
    package var mode = Mode.server
    /// Ranges that leases are taken from, in order; none serves reservations only.
    package var pools: [ClosedRange<IPv4Address>] = []
    /// What is given to nobody although a pool has it, and what is reserved besides the addresses of hosts.
    package var exclusions: [ClosedRange<IPv4Address>] = []
    package var reservations: [SubnetReservation] = []
    /// The name of the wire that this subnet shares with others.
    package var sharedNetwork: String?
    package var routes: [SubnetRouteSpec] = []
    /// Bytes of further options, by code.
    package var options: [UInt8: [UInt8]] = [:]
    package var routers: [IPv4Address] = []
    package var nameServers: [IPv4Address] = []
    package var timeServers: [IPv4Address] = []
    package var domainName: String?
    /// Seconds.
    package var leaseTime: UInt32 = 3600
    package var unknownHosts = UnknownHosts.record
    /// Whether no other server gives addresses here: clients with an address that is none of ours are then told so.
    package var authoritative = false
    /// How much of the pools hosts may hold that no document speaks of, in percent, and how many of them at one switch port, where relays
    /// say which.
    package var unknownPercent = 90
    package var unknownPerCircuit = 64
    /// Whether we ask on our own links, ahead of time, who answers for a free address, and who else answers DHCP.
    package var probeAddresses = false
    package var probeServers = false
    /// Whether replies to a relay may leave as one message: relays are other machines, and none reads raw frames on the server's computer.
    package var joinReplies = false
    /// Whether option 61 comes back in replies (RFC 6842), and options 66 and 67 end in a NUL.
    package var repeatClientIdentifier = true
    package var terminateBootNames = true
    /// What a host that no document speaks of is started with; `nil` starts none.
    package var acceptUnknown: AcceptUnknown?
    /// Hosts that may download an image at the same time; `nil` is no limit.
    package var downloads: Int?

    /// Who gives addresses here, and who says what to boot.
    package enum Mode: String, Sendable, CaseIterable {
        /// Both are ours.
        case server
        /// Another DHCP server gives the addresses; we say what to boot, beside its answers (ProxyDHCP, PXE 2.1).
        case proxy
        /// Both are another DHCP server's, which is told by `bennu dhcp snippet`.
        case external
    }

    /// What becomes of hosts that no document speaks of.
    package enum UnknownHosts: String, Sendable, CaseIterable {
        /// They are listed as discovered.
        case record
        /// They get no answer.
        case ignore
    }

    package struct AcceptUnknown: Sendable, Hashable {
        package var image: ImageReference?
        package var profiles: [String]
        package init(image: ImageReference? = nil, profiles: [String] = []) { (self.image, self.profiles) = (image, profiles) }
    }

    package init(prefix: IPv4Prefix) { self.prefix = prefix }
}

extension SubnetSpec {
    private static let known = [
        "prefix", "mode", "pools", "exclude", "reservations", "sharedNetwork", "routers", "routes", "nameServers", "timeServers", "domainName",
        "options",
        "leaseTime", "authoritative", "unknownHosts", "unknownPercent", "unknownPerCircuit", "probeAddresses", "probeServers", "joinReplies",
        "repeatClientIdentifier",
        "terminateBootNames", "acceptUnknown", "downloads",
    ]

    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(Self.known) else { return nil }
        let prefix = fields.required("prefix", example: "10.77.0.0/24")?.mark().value(IPv4Prefix.self)
        if let prefix, !(1...30).contains(prefix.length) {
            fields["prefix"]?.report(.invalidValue, "expected a prefix length from 1 to 30, found \(prefix.length)")
        }
        let pools = Self.pools(fields["pools"], in: prefix)
        let routers: [IPv4Address] =
            fields["routers"]?.list(of: "IPv4 addresses", uniqueBy: \.description) { item in
                guard let router = item.value(IPv4Address.self) else { return nil }
                if let prefix, !prefix.contains(router) {
                    item.report(.invalidValue, "\(router) is not inside \(prefix)", hint: "a host reaches its router on its own network")
                }
                return router
            } ?? []
        let nameServers: [IPv4Address] = fields["nameServers"]?.list(of: "IPv4 addresses") ?? []
        let timeServers: [IPv4Address] = fields["timeServers"]?.list(of: "IPv4 addresses") ?? []
        let domainName = fields["domainName"]?.parsed("a domain name like lab.example", Rules.name)
        let leaseTime = fields["leaseTime"]?.parsed(
            Quantities.durationExpectation, hint: "at least 10s, at most 365d", Quantities.seconds)
        let unknownHosts = fields["unknownHosts"]?.parsed("record or ignore") { UnknownHosts(rawValue: $0) } ?? .record
        let acceptUnknown = fields["acceptUnknown"].flatMap(AcceptUnknown.init(reading:))
        if unknownHosts == .ignore, let accept = fields["acceptUnknown"] {
            accept.report(
                .conflictingFields, "acceptUnknown cannot be given together with unknownHosts: ignore", hint: "remove one of them")
        }
        guard let prefix else { return nil }
        self.init(prefix: prefix)
        (self.pools, self.routers, self.nameServers, self.timeServers) = (pools, routers, nameServers, timeServers)
        (self.domainName, self.unknownHosts, self.acceptUnknown) = (domainName, unknownHosts, acceptUnknown)
        if let leaseTime { self.leaseTime = leaseTime }
        exclusions =
            fields["exclude"]?.list(of: "addresses and address ranges") {
                $0.parsed("an address, or a range like 10.0.0.100-10.0.0.109") { IPv4Address($0).map { $0...$0 } ?? Self.range($0) }
            } ?? []
        reservations =
            fields["reservations"]?.list(of: "reservations", uniqueBy: \.address.description) { SubnetReservation(reading: $0, in: prefix) } ?? []
        sharedNetwork = fields["sharedNetwork"]?.parsed(Rules.nameExpectation, Rules.name)
        routes = fields["routes"]?.list(of: "routes, like {to: 10.0.0.0/8, via: 10.77.0.1}") { SubnetRouteSpec(reading: $0) } ?? []
        options = DHCPOptionFields.read(fields["options"])
        if let percent = fields["unknownPercent"]?.parsed("a whole number from 1 to 100", { Int($0).flatMap { (1...100).contains($0) ? $0 : nil } }) {
            unknownPercent = percent
        }
        if let most = fields["unknownPerCircuit"]?.parsed(
            "a whole number from 1 to 65536", { Int($0).flatMap { (1...65_536).contains($0) ? $0 : nil } })
        {
            unknownPerCircuit = most
        }
        authoritative = fields["authoritative"]?.flag() ?? false
        probeAddresses = fields["probeAddresses"]?.flag() ?? false
        probeServers = fields["probeServers"]?.flag() ?? false
        joinReplies = fields["joinReplies"]?.flag() ?? false
        repeatClientIdentifier = fields["repeatClientIdentifier"]?.flag() ?? true
        terminateBootNames = fields["terminateBootNames"]?.flag() ?? true
        if let mode = fields["mode"]?.parsed(Mode.allCases.map(\.rawValue).joined(separator: " or "), { Mode(rawValue: $0) }) {
            self.mode = mode
        }
        downloads = fields["downloads"].flatMap(BootServerSpec.downloads)
        if mode != .server { refuseFieldsOfServer(fields) }
    }

    /// What only he can say who gives the addresses.
    private func refuseFieldsOfServer(_ fields: Fields) {
        let theirs = [
            "pools", "exclude", "reservations", "sharedNetwork", "routers", "routes", "nameServers", "timeServers", "domainName", "options",
            "leaseTime", "authoritative", "unknownPercent", "unknownPerCircuit", "probeAddresses", "probeServers",
        ]
        for name in theirs + (mode == .external ? ["unknownHosts", "joinReplies", "repeatClientIdentifier", "terminateBootNames"] : []) {
            fields[name]?.report(
                .conflictingFields, "\(name) cannot be given together with mode: \(mode.rawValue): another server gives the addresses",
                hint: "say it in that server's configuration, and remove it here")
        }
    }

    /// `10.77.0.100-10.77.0.199`: inside the prefix, without its first and last address, apart from each other.
    private static func pools(_ cursor: Cursor?, in prefix: IPv4Prefix?) -> [ClosedRange<IPv4Address>] {
        var taken: [(range: ClosedRange<IPv4Address>, path: String)] = []
        return cursor?.list(of: "address ranges") { item -> ClosedRange<IPv4Address>? in
            guard let range = item.mark().parsed("a range of addresses like 10.0.0.100-10.0.0.199", Self.range) else { return nil }
            if let prefix {
                if !prefix.contains(range.lowerBound) || !prefix.contains(range.upperBound) {
                    item.report(.invalidValue, "the range is not inside \(prefix)")
                } else if range.contains(prefix.network) || range.contains(prefix.broadcast) {
                    item.report(
                        .invalidValue, "the range holds the network or broadcast address of \(prefix)",
                        hint: "leave out the first and last address")
                }
            }
            if let other = taken.first(where: { $0.range.overlaps(range) }) {
                item.report(.overlap, "the range overlaps with \(other.path)")
            }
            taken.append((range, item.path))
            return range
        } ?? []
    }

    private static func range(_ text: String) -> ClosedRange<IPv4Address>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { IPv4Address(String($0.filter { $0 != " " })) }
        guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last else { return nil }
        return first...last
    }
}

extension SubnetSpec.AcceptUnknown {
    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["image", "profiles"]) else { return nil }
        self.init(image: fields["image"]?.value(), profiles: ProfileSpec.names(fields["profiles"]))
    }
}

extension SubnetSpec {
    /// The pools without what is excluded.
    package var usablePools: [ClosedRange<IPv4Address>] {
        exclusions.reduce(pools) { pools, excluded in
            pools.flatMap { pool -> [ClosedRange<IPv4Address>] in
                guard pool.overlaps(excluded) else { return [pool] }
                var rest: [ClosedRange<IPv4Address>] = []
                if pool.lowerBound < excluded.lowerBound {
                    rest.append(pool.lowerBound...IPv4Address(value: excluded.lowerBound.value - 1))
                }
                if excluded.upperBound < pool.upperBound {
                    rest.append(IPv4Address(value: excluded.upperBound.value + 1)...pool.upperBound)
                }
                return rest
            }
        }
    }
}
