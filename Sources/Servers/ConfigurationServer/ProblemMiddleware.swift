import Foundation
import HostContract
import Hummingbird
import Logging
import NIOCore

/// Turns an `APIProblem` into its HTTP status and JSON. What a stranger can send is never logged as an error.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = HostRequestContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let problem as APIProblem {
            context.logger.debug("refused", metadata: ["reason": "\(problem.code)"])
            let bytes = try JSONEncoder().encode(problem)
            return Response(
                status: Self.status(of: problem.code), headers: [.contentType: "application/json"],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }

    static func status(of code: String) -> HTTPResponse.Status {
        switch code {
        case "malformed-claim", "malformed-body", "contract-too-old": .badRequest
        case "bad-credential", "other-boot": .unauthorized
        case "host-not-accepted", "claim-mismatch": .forbidden
        case "unknown-host", "unknown-boot": .notFound
        case "claim-taken", "not-ordered": .conflict
        case "boot-superseded": .gone
        case "body-too-large": .contentTooLarge
        default: .serviceUnavailable
        }
    }
}
