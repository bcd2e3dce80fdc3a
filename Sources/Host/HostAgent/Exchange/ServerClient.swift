import FoundationEssentials
package import HostContract
package import NIOCore

/// Why the server did not take or give what it was asked.
package enum ExchangeFailure: Error, Sendable, CustomStringConvertible {
    /// Trouble on the way: it will be there again.
    case unreachable(HTTPExchange.Failure)
    /// The server said no. 401: not this credential; 409: something is in the way; 410: this boot is over.
    case refused(status: Int, APIProblem)

    /// True when the same request will never be taken.
    var isFinal: Bool {
        if case .refused(let status, _) = self { [400, 404, 405, 413, 415, 422].contains(status) } else { false }
    }

    /// True when the credential is what is wrong.
    var isUnauthorized: Bool { if case .refused(401, _) = self { true } else { false } }

    /// True when the server knows another boot of this host by now.
    var isBootOver: Bool { if case .refused(410, _) = self { true } else { false } }

    /// For logs: one word.
    var name: String {
        switch self {
        case .unreachable: "unreachable"
        case .refused(401, _): "not-authorized"
        case .refused(409, _): "conflict"
        case .refused(410, _): "boot-over"
        case .refused(let status, _): "status-\(status)"
        }
    }

    package var description: String {
        switch self {
        case .unreachable(let failure): failure.description
        case .refused(let status, let problem): "\(status) \(problem.code): \(problem.message)"
        }
    }
}

/// What the agent says to the configuration server and asks of it.
package struct ServerClient: Sendable {
    private let exchange: HTTPExchange
    private let boot: String

    package init(group: any EventLoopGroup, server: ServerAddress, boot: String) {
        exchange = HTTPExchange(group: group, server: server)
        self.boot = boot
    }

    package func claim(_ claim: BootClaim) async throws(ExchangeFailure) -> ClaimGrant {
        let answer = try await ask("POST", "/v1/claim", nil, claim)
        guard let grant = try? JSONDecoder().decode(ClaimGrant.self, from: Data(answer.body)) else {
            throw .refused(status: answer.status, APIProblem(code: "malformed", message: "the answer to the claim is no grant"))
        }
        return grant
    }

    /// Begins the boot that this host goes over to by itself.
    package func succeed(_ claim: SuccessorClaim, credential: String) async throws(ExchangeFailure) -> ClaimGrant {
        let answer = try await ask("POST", "/v1/boots/\(boot)/successor", credential, claim)
        guard let grant = try? JSONDecoder().decode(ClaimGrant.self, from: Data(answer.body)), BootHandover.isToken(grant.boot) else {
            throw .refused(status: answer.status, APIProblem(code: "malformed", message: "the answer to the announcement is no grant"))
        }
        return grant
    }

    package func report(_ events: [ProgressReport.Event], credential: String) async throws(ExchangeFailure) {
        _ = try await ask("POST", "/v1/boots/\(boot)/events", credential, ProgressReport(events: events))
    }

    package func report(_ inventory: Inventory, credential: String) async throws(ExchangeFailure) {
        _ = try await ask("PUT", "/v1/boots/\(boot)/inventory", credential, inventory)
    }

    package func report(_ status: StatusReport, credential: String) async throws(ExchangeFailure) {
        _ = try await ask("POST", "/v1/boots/\(boot)/status", credential, status)
    }

    /// The bytes of a `SignedEnvelope`, not yet verified; `nil` when there is nothing newer.
    /// - Parameters:
    ///   - order: the last one that we heard of.
    ///   - live: the hash of the live settings that we have.
    ///   - wait: seconds that the server may keep us waiting for a change.
    package func configuration(
        after revision: UInt64, order: String?, live: String?, wait: Int, credential: String
    ) async throws(ExchangeFailure) -> [UInt8]? {
        let known = [order.map { "&order=\($0)" }, live.map { "&live=\($0)" }].compactMap(\.self).joined()
        let answer = try await ask(
            "GET", "/v1/boots/\(boot)/configuration?after=\(revision)&wait=\(wait)\(known)", credential, nothing, seconds: wait + 15)
        return answer.status == 204 ? nil : answer.body
    }

    private var nothing: ProgressReport? { nil }

    private func ask(
        _ method: String, _ path: String, _ credential: String?, _ body: (some Encodable)?, seconds: Int = 20
    ) async throws(ExchangeFailure) -> HTTPExchange.Answer {
        let answer: HTTPExchange.Answer
        do throws(HTTPExchange.Failure) {
            let bytes = body.flatMap { try? JSONEncoder().encode($0) }.map { Array($0) }
            answer = try await exchange.send(method, path, credential: credential, body: bytes, seconds: seconds)
        } catch {
            throw .unreachable(error)
        }
        if (200..<300).contains(answer.status) { return answer }
        let problem = try? JSONDecoder().decode(APIProblem.self, from: Data(answer.body))
        throw .refused(status: answer.status, problem ?? APIProblem(code: "unexpected-answer", message: "the answer says no more"))
    }
}
