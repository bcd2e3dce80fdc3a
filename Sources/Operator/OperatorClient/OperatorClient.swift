import FoundationEssentials
import HostContract

/// Talks to the operator API: JSON in HTTP/1.1 over the server's Unix socket, one connection a request.
///
/// Everything throws `APIProblem`: the server's own, or one that says what went wrong on the way to it.
package struct OperatorClient: Sendable {
    package let socketPath: String
    /// Bytes of the largest answer that is taken.
    package var largestAnswer = 64 << 20

    package init(socketPath: String) { self.socketPath = socketPath }

    package func get<Answer: Decodable>(_ type: Answer.Type, _ path: String) async throws -> Answer {
        try decode(type, try await perform("GET", path), of: path)
    }

    package func delete(_ path: String) async throws { _ = try await perform("DELETE", path) }

    package func post<Answer: Decodable>(_ path: String, body: some Encodable, answer: Answer.Type) async throws -> Answer {
        try await send("POST", path, body: body, answer: answer)
    }

    package func put<Answer: Decodable>(_ path: String, body: some Encodable, answer: Answer.Type) async throws -> Answer {
        try await send("PUT", path, body: body, answer: answer)
    }

    package func send<Answer: Decodable>(
        _ method: String, _ path: String, body: some Encodable, answer: Answer.Type
    ) async throws -> Answer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = [UInt8](try encoder.encode(body))
        return try decode(answer, try await perform(method, path, body: bytes), of: path)
    }

    /// Status and body as they came, whatever the status.
    /// - Parameters:
    ///   - path: percent-encoded, with its query.
    ///   - body: sent as JSON.
    package func exchange(_ method: String, _ path: String, body: [UInt8]? = nil) async throws -> (status: Int, body: [UInt8]) {
        try await withAnswer(method, path, body: body) { status, parts in
            var bytes: [UInt8] = []
            while let part = try await parts.next() {
                bytes += part
                guard bytes.count <= largestAnswer else {
                    throw APIProblem(
                        code: "answer-too-large", message: "the server's answer to \(path) has more than \(largestAnswer) bytes")
                }
            }
            return (status, bytes)
        }
    }

    private func perform(_ method: String, _ path: String, body: [UInt8]? = nil) async throws -> [UInt8] {
        let answer = try await exchange(method, path, body: body)
        guard (200..<300).contains(answer.status) else { throw Self.problem(answer.status, answer.body, of: path) }
        return answer.body
    }

    private func decode<Answer: Decodable>(_ type: Answer.Type, _ bytes: [UInt8], of path: String) throws -> Answer {
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch {
            throw APIProblem(
                code: "malformed-answer", message: "the server's answer to \(path) is not as expected; are both of one version?",
                cause: "\(error)")
        }
    }

    /// What the server says; any body that is no problem of ours is shown as it is.
    static func problem(_ status: Int, _ body: [UInt8], of path: String) -> APIProblem {
        if let problem = try? JSONDecoder().decode(APIProblem.self, from: Data(body)) { return problem }
        let text = String(decoding: body.prefix(500), as: UTF8.self)
        return APIProblem(
            code: "http-\(status)", message: "the server answered \(path) with HTTP status \(status)", cause: text.isEmpty ? nil : text)
    }
}
