package import Fleet
import FleetModel
import Foundation
import HostContract
package import Hummingbird
package import Logging
package import OperatorTypes

/// The operator API: JSON over a Unix socket, whose file permissions say who may use it.
package struct OperatorServer: Sendable {
    let fleet: Fleet
    let logger: Logger
    let socketPath: String
    let status: @Sendable () -> ServerStatus
    let desk: (any LeaseDesk)?
    let trace: (any PacketTrace)?

    /// - Parameters:
    ///   - status: what the process says of itself; the roles it runs and their counters.
    ///   - desk, trace: of the DHCP server of this process; `nil` where it serves no DHCP.
    package init(
        fleet: Fleet, socketPath: String, logger: Logger, desk: (any LeaseDesk)? = nil, trace: (any PacketTrace)? = nil,
        status: @escaping @Sendable () -> ServerStatus
    ) {
        (self.desk, self.trace) = (desk, trace)
        (self.fleet, self.socketPath, self.logger, self.status) = (fleet, socketPath, logger, status)
    }

    package func service() -> some ApplicationProtocol {
        let path = socketPath
        return Application(
            router: router(), configuration: .init(address: .unixDomainSocket(path: path), serverName: nil),
            onServerRunning: { _ in _ = chmod(path, 0o660) }, logger: logger)
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: OperatorProblemMiddleware())
        router.get("/v1/status") { _, _ in
            var status = status()
            // Not there while the DHCP server starts or stops.
            status.addresses = try? await desk?.use()
            return try JSONAnswer(status)
        }
        addHosts(to: router.group("/v1/hosts"))
        router.get("/v1/models") { _, _ in try JSONAnswer(fleet.models()) }
        router.post("/v1/models/trust") { request, _ in
            try JSONAnswer(await fleet.trustKexec(on: try await request.decoded(ModelTrust.self).model))
        }
        addImages(to: router.group("/v1/images"))
        addTrace(to: router.group("/v1/dhcp"))
        addLeases(to: router.group("/v1/leases"))
        addDocuments(to: router.group("/v1/documents"))
        return router
    }
}
