import ConfigurationServer
import Fleet
import FleetFixtures
import FleetModel
import Foundation
import HostContract
import Hummingbird
import Logging
import ServiceLifecycle

/// The real server on a port that the system chose, for as long as `body` runs.
struct RunningConfigurationServer: Sendable {
    let site: TestSite
    let port: Int

    static func with(_ site: TestSite, _ body: @escaping @Sendable (RunningConfigurationServer) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let server = ConfigurationServer(fleet: site.fleet, address: "127.0.0.1", port: 0, logger: logger).service { bound.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            for await port in ports {
                try await body(RunningConfigurationServer(site: site, port: port))
                break
            }
            group.cancelAll()
        }
    }

    /// Like `with`, and then stopped as SIGTERM stops it while `body` still runs.
    static func stopped(
        _ site: TestSite, when isDue: @escaping @Sendable () async -> Bool,
        during body: @escaping @Sendable (RunningConfigurationServer) async throws -> Void
    ) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let server = ConfigurationServer(fleet: site.fleet, address: "127.0.0.1", port: 0, logger: logger).service { bound.yield($0) }
        let services = ServiceGroup(configuration: .init(services: [.init(service: server)], logger: logger))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await services.run() }
            for await port in ports {
                group.addTask { try await body(RunningConfigurationServer(site: site, port: port)) }
                break
            }
            while await !isDue() { await Task.yield() }
            await services.triggerGracefulShutdown()
            try await group.waitForAll()
        }
    }

    func call(_ method: String, _ path: String, _ body: (any Encodable)? = nil, credential: String? = nil) async throws -> Curl {
        try await send(method, path, try body.map { try JSONEncoder().encode($0) }, credential: credential)
    }

    func send(_ method: String, _ path: String, _ body: Data?, credential: String? = nil) async throws -> Curl {
        let authorization = credential.map { ["-H", "Authorization: Bearer \($0)"] } ?? []
        return try await Curl.run(method, "http://127.0.0.1:\(port)\(path)", body: body, authorization)
    }

    /// Powers a host on and claims over the wire.
    func claim(_ number: Int, nonce: Character = "a") async throws -> ClaimGrant {
        site.powerOn(number)
        return try await call("POST", "/v1/claim", site.claim(number, nonce: nonce)).decoded(ClaimGrant.self)
    }
}
