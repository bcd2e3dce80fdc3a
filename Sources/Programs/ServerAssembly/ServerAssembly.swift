import BootServer
import ConfigurationServer
import DHCPServer
import DatagramIO
import Documents
import Fleet
import FleetModel
import Foundation
import HostContract
import HostPower
import ImageStore
import Journal
import Logging
import OperatorServer
import OperatorTypes
import Primitives
import ServiceLifecycle
import Store
import UnixSignals

/// All services of one process, in the order in which they start; they stop in reverse.
struct ServerAssembly {
    let plan: ServePlan
    let logger: Logger
    let store: SQLiteStore
    let journal: Journal
    let fleet: Fleet

    /// Opens all state.
    static func open(_ plan: ServePlan) async throws -> ServerAssembly {
        let logger = Logger(label: "bennu")
        var generator = SystemRandomNumberGenerator()
        let store = try SQLiteStore(directory: plan.data, using: &generator)
        let journal = try Journal(directory: plan.data, logger: logger)
        let images = try ImageRepository(directory: plan.data + "/images")
        let site = try SiteKey.load(orCreateAt: plan.data + "/site.key")
        let fleet = try await Fleet(siteName: plan.site, site: site, store: store, journal: journal, images: images, logger: logger)
        let assembly = ServerAssembly(plan: plan, logger: logger, store: store, journal: journal, fleet: fleet)
        return assembly
    }

    /// What else keeps it from serving, found without a change of anything that was in force.
    func problems() async -> [String] {
        do {
            for path in plan.images { _ = try await fleet.importImage(ImageImport(path: path, references: []), keepingReferences: true) }
            try await applyDocuments(dryRun: true)
            try await checkImages()
            return []
        } catch {
            return ["\(error)"]
        }
    }

    /// A site whose hosts want images and that has none is one that was not set up yet, or whose data directory is another's.
    private func checkImages() async throws {
        guard plan.roles.contains(.boot), !plan.allowsNoImage, fleet.snapshot.images.isEmpty else { return }
        let files = try readableDocuments.flatMap { try DocumentFiles.read($0) }
        let documents = fleet.snapshot.documents.merging(
            DocumentParser.parse(files: files.map { SourceFile(path: $0.path, text: $0.text) }).documents)
        let assigned = documents.hosts.compactMap { documents.imageReference(forHost: $0.name)?.description }
        guard let wanted = assigned.min() else { return }
        throw APIProblem(
            code: "no-image",
            message: """
                there is no image in \(plan.data), and \(assigned.count) host\(assigned.count == 1 ? " is" : "s are") assigned one (\(wanted)); \
                bring one in with --import DIR, or start with --allow-no-image and use: bennu image import DIR
                """)
    }

    /// Those that cannot be read are named by the preflight.
    private var readableDocuments: [String] { plan.documents.filter { access($0, R_OK) == 0 } }

    func applyDocuments(dryRun: Bool = false) async throws {
        let files = try readableDocuments.flatMap { try DocumentFiles.read($0) }
        guard !files.isEmpty else { return }
        let result = try await fleet.apply(ApplyRequest(files: files, dryRun: dryRun), keepingLoaders: true)
        guard result.mistakes.isEmpty else {
            let lines = result.mistakes.map { "\($0.file):\($0.line):\($0.column): \($0.path): \($0.message)" }
            throw APIProblem(code: "invalid-documents", message: "the documents have mistakes:\n" + lines.joined(separator: "\n"))
        }
        for note in result.notes ?? [] where !dryRun { logger.notice("\(note.message)", metadata: ["file": "\(note.file):\(note.line)"]) }
    }

    func run() async throws {
        let interfaces = plan.interfaces
        let addresses = plan.listenAddresses
        let http = OutcomeCounters(label: "bennu_boot_http")
        let tftp = OutcomeCounters(label: "bennu_tftp")
        let tftpDrops = SocketDrops()
        var services: [any Service] = [JournalService(journal: journal), fleet]
        let dhcp = DHCPServer(
            configuration: DHCPServerConfiguration(
                interfaces: interfaces.map { .init($0.name, address: $0.addresses.first?.address) }, httpPort: UInt16(clamping: plan.httpPort),
                port: UInt16(clamping: plan.dhcpPort), proxyPort: UInt16(clamping: plan.proxyPort)),
            directory: fleet, leases: RecordedLeases(store), logger: logger)
        if plan.roles.contains(.operator) {
            let status = statusReport(dhcp: dhcp.statistics, http: http, tftp: tftp, tftpDrops: tftpDrops)
            let servesDHCP = plan.roles.contains(.dhcp)
            let server = OperatorServer(
                fleet: fleet, socketPath: plan.socket, logger: quiet, desk: servesDHCP ? dhcp.orders : nil, trace: servesDHCP ? dhcp.trace : nil,
                status: status)
            services.append(server.service())
        }
        if plan.roles.contains(.configuration) {
            for address in addresses {
                services.append(
                    ConfigurationServer(fleet: fleet, address: address.description, port: plan.configurationPort, logger: quiet).service())
            }
        }
        if plan.roles.contains(.boot) {
            services.append(
                HTTPBootService(
                    directory: fleet, advertised: AdvertisedServers(configurationPort: plan.configurationPort),
                    addresses: addresses.map(\.description), port: plan.httpPort, counters: http, logger: logger))
            services.append(
                TFTPService(
                    directory: fleet, addresses: addresses, port: UInt16(clamping: plan.tftpPort), isSinglePort: plan.tftpOnSinglePort,
                    counters: tftp, drops: tftpDrops, logger: logger))
        }
        if let power = plan.power {
            services.append(
                PowerKeeper(fleet: fleet, command: PowerCommand(program: power.program), patience: .seconds(power.patience), logger: logger))
        }
        // Last to start and first to stop: nothing invites a host that nobody will serve.
        if plan.roles.contains(.dhcp) { services.append(dhcp) }

        if plan.roles.contains(.boot), fleet.snapshot.images.isEmpty {
            logger.warning("no image yet: hosts will wait; bring one in with: bennu image import DIR")
        }
        logger.info(
            "bennu serves",
            metadata: [
                "site": "\(plan.site)", "roles": "\(plan.roles.map(\.rawValue).sorted().joined(separator: ","))", "data": "\(plan.data)",
                "socket": "\(plan.socket)",
            ])
        let group = ServiceGroup(
            configuration: .init(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
        try await group.run()
        try journal.close()
        try store.close()
        logger.info("bennu has stopped")
    }

    /// Libraries tell of every connection at info.
    private var quiet: Logger {
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        return quiet
    }

    private func statusReport(
        dhcp: DHCPStatistics, http: OutcomeCounters, tftp: OutcomeCounters, tftpDrops: SocketDrops
    ) -> @Sendable () -> ServerStatus {
        let port = UInt16(clamping: plan.httpPort)
        let addresses = plan.roles.contains(.boot) ? plan.interfaces : []
        let bootServers = addresses.compactMap { interface in
            interface.addresses.first.map { ServerStatus.BootServerAddress(interface: interface.name, address: $0.address, httpPort: port) }
        }
        return { [plan, fleet, journal] in
            let loaders = fleet.addedLoaders
            let packets = dhcp.snapshot
            var counters: [String: [String: UInt64]] = [:]
            counters["dhcp"] = packets.received.prefixed("received-").merging(packets.sent.prefixed("sent-")) { $0 + $1 }
                .merging(packets.refused.prefixed("refused-")) { $0 + $1 }
            counters["dhcp"]?["leases"] = packets.leases
            if packets.conflicts > 0 { counters["dhcp"]?["address-conflicts"] = packets.conflicts }
            counters["http"] = http.all.mapValues { UInt64($0) }
            counters["tftp"] = tftp.all.mapValues { UInt64($0) }
            for (role, drops) in [("dhcp", packets.socketDrops), ("tftp", tftpDrops.total)] where drops > 0 {
                counters[role]?["socket-drops"] = drops
            }
            if journal.dropped > 0 { counters["journal"] = ["events-dropped": journal.dropped] }
            return ServerStatus(
                version: BennuVersion.current, site: plan.site, roles: plan.roles.map(\.rawValue).sorted(),
                processID: ProcessInfo.processInfo.processIdentifier, revision: fleet.snapshot.revision, hosts: fleet.hostCounts(),
                counters: counters, bootServers: bootServers, downloads: fleet.downloadLoads.orNil,
                loaders: loaders.isEmpty ? nil : loaders)
        }
    }
}

/// The journal's writer as a service: it writes what is left when everything that reports to it has stopped.
struct JournalService: Service {
    let journal: Journal

    func run() async throws {
        await cancelWhenGracefulShutdown { try? await journal.run() }
        await journal.flush()
    }
}

extension [String: UInt64] {
    func prefixed(_ prefix: String) -> [String: UInt64] { Dictionary(uniqueKeysWithValues: map { (prefix + $0.key, $0.value) }) }
}
