import Fleet
import FleetModel
import Foundation
import HostContract
import Hummingbird
import NIOCore
import OperatorTypes
import ServiceLifecycle

extension OperatorServer {
    func addHosts(to group: RouterGroup<BasicRequestContext>) {
        group.get { _, _ in try JSONAnswer(fleet.hostList()) }
        group.get("{host}") { _, context in try JSONAnswer(fleet.hostDetail(Self.name(context))) }
        group.post("{host}/accept") { request, context in
            let edit = try await request.decoded(HostEdit.self)
            return try JSONAnswer(await fleet.accept(Self.name(context), edit))
        }
        group.patch("{host}") { request, context in
            let edit = try await request.decoded(HostEdit.self)
            return try JSONAnswer(await fleet.edit(Self.name(context), edit))
        }
        group.delete("{host}") { _, context in
            try await fleet.removeHost(Self.name(context))
            return Response(status: .noContent)
        }
        group.get("{host}/upgrade") { request, context in
            let image = request.uri.queryParameters["image"].flatMap { String($0).removingPercentEncoding }
            let isRestart = request.uri.queryParameters["restart"] == "true"
            return try JSONAnswer(fleet.upgradeOutlook(Self.name(context), UpgradeRequest(image: image, isRestart: isRestart)))
        }
        group.post("{host}/upgrade") { request, context in
            let order = try await request.decoded(UpgradeRequest.self)
            return try JSONAnswer(await fleet.orderUpgrade(Self.name(context), order))
        }
        group.post("{host}/guests/{guest}/renewal") { _, context in
            guard let guest = context.parameters.get("guest")?.removingPercentEncoding else {
                throw APIProblem(code: "malformed-name", message: "the request names no guest")
            }
            return try JSONAnswer(await fleet.orderRenewal(of: guest, on: Self.name(context)))
        }
        group.get("{host}/timeline") { request, context in
            let boot = request.uri.queryParameters["boot"].map(String.init)
            return try JSONAnswer(await fleet.timeline(of: Self.name(context), boot: boot))
        }
        group.get("{host}/timeline/follow") { request, context in
            let after = request.uri.queryParameters["after"].flatMap { Int64($0) } ?? 0
            let host = try fleet.hostDetail(Self.name(context)).record.id
            return Self.stream(fleet.follow(host: host, after: after))
        }
    }

    static func name(_ context: BasicRequestContext) throws -> String {
        guard let text = context.parameters.get("host")?.removingPercentEncoding else {
            throw APIProblem(code: "malformed-name", message: "the request names no host")
        }
        return text
    }

    /// One JSON object a line, for as long as the client listens and the server does not stop.
    static func stream<Item: Encodable & Sendable>(_ items: AsyncStream<Item>) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/x-ndjson"],
            body: ResponseBody { writer in
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                for try await item in items.cancelOnGracefulShutdown() {
                    var buffer = ByteBuffer(bytes: try encoder.encode(item))
                    buffer.writeString("\n")
                    try await writer.write(buffer)
                }
                try await writer.finish(nil)
            })
    }
}
