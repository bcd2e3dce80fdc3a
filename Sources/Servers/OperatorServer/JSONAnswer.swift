import Foundation
import HostContract
import Hummingbird
import NIOCore

/// A value as the JSON body of an answer.
struct JSONAnswer: ResponseGenerator {
    let bytes: Data

    init(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        bytes = try encoder.encode(value)
    }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(status: .ok, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

extension Request {
    /// The JSON body, up to 64 MiB.
    func decoded<Body: Decodable>(_ type: Body.Type) async throws -> Body {
        do {
            let buffer = try await body.collect(upTo: 64 << 20)
            return try JSONDecoder().decode(type, from: Data(buffer.readableBytesView))
        } catch {
            throw APIProblem(code: "malformed-body", message: "the request's body is no \(type) in JSON", cause: "\(error)")
        }
    }
}

/// Turns problems into their HTTP status and JSON.
struct OperatorProblemMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            throw error
        } catch {
            let problem = error as? APIProblem ?? APIProblem(code: "internal", message: "the server could not do it", cause: "\(error)")
            let status: HTTPResponse.Status =
                switch problem.code {
                case let code where code.hasPrefix("unknown-"): .notFound
                case "conflict", "in-use", "taken": .conflict
                case "internal", "not-durable": .internalServerError
                default: .badRequest
                }
            let bytes = try JSONEncoder().encode(problem)
            return Response(
                status: status, headers: [.contentType: "application/json"], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }
}
