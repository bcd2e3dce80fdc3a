import Fleet
import FleetFixtures
import Foundation
import Hummingbird
import Logging
import OperatorClient
import OperatorServer
import OperatorTypes
import ServiceLifecycle
import TestSupport

/// The real server on a Unix socket, for as long as `body` runs.
struct RunningOperatorServer: Sendable {
    let site: TestSite
    let socket: String

    var client: OperatorClient { OperatorClient(socketPath: socket) }

    static func with(_ site: TestSite, _ body: @escaping @Sendable (RunningOperatorServer) async throws -> Void) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let socket = site.directory.path + "/operator.sock"
        let server = OperatorServer(fleet: site.fleet, socketPath: socket, logger: logger) {
            ServerStatus(
                version: "test", site: "lab", roles: ["operator"], processID: 1, revision: site.fleet.snapshot.revision,
                hosts: site.fleet.hostCounts(), counters: [:])
        }.service()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            let running = RunningOperatorServer(site: site, socket: socket)
            // The socket's file is there before anybody listens at it.
            while (try? await running.client.get(ServerStatus.self, "/v1/status")) == nil { await Task.yield() }
            try await body(running)
            group.cancelAll()
        }
    }

    /// By `curl`, which is nobody's idea of our own client.
    func curl(_ method: String, _ path: String, _ body: String? = nil) async throws -> Curl {
        try await Curl.run(method, "http://localhost\(path)", body: body.map { Data($0.utf8) }, ["--unix-socket", socket])
    }
}
