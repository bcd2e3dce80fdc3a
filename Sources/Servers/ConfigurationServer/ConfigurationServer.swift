package import Fleet
import FleetModel
import Foundation
import HostContract
package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle

/// Tells hosts who they are: boot claims, signed configurations, reports. Plain HTTP; what must be trusted is signed.
package struct ConfigurationServer: Sendable {
    private let fleet: Fleet
    private let logger: Logger
    private let address: String
    private let port: Int
    /// Bodies beyond this are refused with 413, in bytes: what a host reports becomes part of its record, which has to fit one transaction.
    private static let maximumBody = 120 << 10

    package init(fleet: Fleet, address: String, port: Int, logger: Logger) {
        (self.fleet, self.address, self.port, self.logger) = (fleet, address, port, logger)
    }

    /// - Parameter onBound: called with the port once it is bound; for port 0.
    package func service(onBound: @escaping @Sendable (Int) -> Void = { _ in }) -> some ApplicationProtocol {
        Application(
            router: router(), server: .http1(configuration: .init(idleTimeout: .seconds(120))),
            // Hosts of a whole site may start together; the system cuts it to net.core.somaxconn.
            configuration: .init(address: .hostname(address, port: port), serverName: nil, backlog: 16_384),
            onServerRunning: { channel in
                // As the boot server does: what the system has in line is taken in at once.
                try? await channel.setOption(.maxMessagesPerRead, value: 256).get()
                onBound(channel.localAddress?.port ?? 0)
            }, logger: logger)
    }

    private func router() -> Router<HostRequestContext> {
        let router = Router(context: HostRequestContext.self)
        router.add(middleware: ProblemMiddleware())
        router.post("/v1/claim") { request, context in
            let claim = try await Self.decode(BootClaim.self, from: request)
            return try Self.json(try await fleet.claim(claim, from: context.address))
        }
        let boot = router.group("/v1/boots/{boot}")
        boot.get("configuration") { request, context in
            let record = try authorized(request, context)
            let after = request.uri.queryParameters["after"].flatMap { UInt64($0) } ?? 0
            let wait = min(max(request.uri.queryParameters["wait"].flatMap { Int($0) } ?? 0, 0), 60)
            let order = request.uri.queryParameters["order"].map(String.init)
            let live = request.uri.queryParameters["live"].map(String.init)
            // A stop does not wait for hosts that only ask whether there is something new: half a minute each, as long as systemd has patience.
            let envelope = try await cancelWhenGracefulShutdown {
                try await fleet.configuration(for: record, after: after, order: order, live: live, wait: .seconds(wait))
            }
            guard let envelope else { return Response(status: .noContent) }
            return try Self.json(envelope)
        }
        boot.post("events") { request, context in
            let record = try authorized(request, context)
            fleet.take(try await Self.decode(ProgressReport.self, from: request), from: record)
            return Response(status: .noContent)
        }
        boot.put("inventory") { request, context in
            let record = try authorized(request, context)
            fleet.take(try await Self.decode(Inventory.self, from: request), from: record)
            return Response(status: .noContent)
        }
        boot.post("status") { request, context in
            let record = try authorized(request, context)
            await fleet.take(try await Self.decode(StatusReport.self, from: request), from: record, at: context.address)
            // What a boot said that had ended meanwhile was not taken in, and nobody is to believe it was.
            _ = try authorized(request, context)
            return Response(status: .noContent)
        }
        boot.post("successor") { request, context in
            let claim = try await Self.decode(SuccessorClaim.self, from: request)
            return try Self.json(try await fleet.succeed(Self.bearer(request), boot: context.parameters.get("boot") ?? "", claim))
        }
        return router
    }

    private func authorized(_ request: Request, _ context: HostRequestContext) throws(APIProblem) -> HostRecord {
        try fleet.authorize(Self.bearer(request), boot: context.parameters.get("boot") ?? "")
    }

    private static func bearer(_ request: Request) -> String? {
        let header = request.headers[.authorization] ?? ""
        return header.hasPrefix("Bearer ") ? String(header.dropFirst(7)) : nil
    }

    private static func decode<Body: Decodable>(_ type: Body.Type, from request: Request) async throws -> Body {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: maximumBody)
        } catch {
            throw APIProblem(code: "body-too-large", message: "a request body may have \(maximumBody) bytes at most")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
        } catch {
            throw APIProblem(code: "malformed-body", message: "the body is no \(type) in JSON", cause: "\(error)")
        }
    }

    private static func json(_ value: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = try encoder.encode(value)
        return Response(
            status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
