import ConfigurationServer
import Fleet
import FleetFixtures
import FleetModel
import Glibc
import HostAgent
import HostContract
import Hummingbird
import Logging
import OperatorTypes
import Primitives
import Rollout
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// One site with its configuration server, one host, and the wire between them.
final class Scene: Sendable {
    let site: TestSite
    private let current: Mutex<Machine>
    private let running = Mutex<Task<Void, Never>?>(nil)

    private init(_ site: TestSite, _ machine: Machine) {
        self.site = site
        current = Mutex(machine)
    }

    var machine: Machine { current.withLock { $0 } }

    static func withoutLoss(_ body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        try await with({ _, _ in true }, body: body)
    }

    static func with(_ passes: @escaping Relay.Passes, body: @escaping @Sendable (Scene) async throws -> Void) async throws {
        let site = try await TestSite(SiteText.site(hosts: 1))
        try await site.addImage()
        let image = try #require(site.fleet.snapshot.images.values.first?.root?.digest)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let server = ConfigurationServer(fleet: site.fleet, address: "127.0.0.1", port: 0, logger: logger).service { bound.yield($0) }
        let services = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            for await port in ports {
                let relay = try await Relay(to: ServerAddress(address: IPv4Address(127, 0, 0, 1), port: port), passes: passes)
                site.powerOn(1)
                let boot = try #require(site.record(1)?.boot?.id.description)
                let key = try SiteKey.load(orCreateAt: site.directory.path + "/site.key").publicKey
                let scene = Scene(site, try Machine(boot: boot, server: relay.address, siteKey: key, image: image))
                let outcome: Result<Void, any Error>
                do { outcome = .success(try await body(scene)) } catch { outcome = .failure(error) }
                await scene.stop()
                try await relay.close()
                await services.triggerGracefulShutdown()
                try outcome.get()
                break
            }
            try await group.waitForAll()
        }
    }

    /// - Parameter machine: another than the one before.
    func go(_ machine: Machine? = nil) {
        if let machine { current.withLock { $0 = machine } }
        let running = self.machine
        // Ended and awaited by `stop`.
        self.running.withLock { $0 = Task { await running.run() } }
    }

    func stop() async {
        let task = running.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    /// Waits until the fleet's record of the host is as it should be.
    @discardableResult
    func until(_ holds: (HostRecord) -> Bool) async throws -> HostRecord {
        while true {
            if let record = site.record(1), holds(record) { return record }
            try await Task.sleep(for: .milliseconds(3))
        }
    }

    /// - Returns: the boot that it is operational in.
    func start() async throws -> BootID {
        go()
        return try #require(try await until { $0.boot?.phase == .operational && $0.boot?.status?.system != nil }.boot?.id)
    }

    /// To go over to the same root again, without a change of the kernel.
    func order(deadline: Int) async throws {
        _ = try await site.fleet.orderUpgrade("h1", UpgradeRequest(method: .soft, deadline: deadline, isRestart: true))
    }

    /// An order whose soft reboot is lost with the machine's power: all before it is done.
    func orderAndStopAtReboot() async throws {
        machine.stopsAtReboot.withLock { $0 = true }
        try await order(deadline: 60)
        try await until { _ in machine.isRebooting }
        await stop()
        try machine.forgetReboot()
        machine.stopsAtReboot.withLock { $0 = false }
    }

    /// Waits until the order is over, the host operational, and nothing of the order left on it.
    func end() async throws -> HostRecord {
        try await until { record in
            guard let upgrade = record.upgrade, upgrade.state == .done || upgrade.state == .failed else { return false }
            return record.boot?.phase == .operational && machine.memory == nil
        }
    }

    /// Boots of the host that its timeline tells of.
    func boots() async throws -> Int {
        try await site.fleet.timeline(of: "h1", boot: "all").events.count { $0.name == "boot-began" }
    }
}
