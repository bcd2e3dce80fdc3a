import Fleet
import Foundation
import HostContract
import Hummingbird
import OperatorTypes

extension OperatorServer {
    func addLeases(to group: RouterGroup<BasicRequestContext>) {
        group.get { request, _ in
            let query = LeaseQuery(
                host: Self.parameter("host", of: request), subnet: Self.parameter("subnet", of: request), state: try Self.leaseState(request))
            return try JSONAnswer(await fleet.leaseList(query, from: try leaseDesk()))
        }
        group.get("{address}") { _, context in try JSONAnswer(await fleet.lease(Self.address(context), from: try leaseDesk())) }
        group.post("{address}/release") { request, context in
            let wish = try await request.decoded(LeaseRelease.self)
            return try JSONAnswer(await fleet.releaseLease(Self.address(context), wish, from: try leaseDesk()))
        }
    }

    private func leaseDesk() throws(APIProblem) -> any LeaseDesk {
        guard let desk else { throw APIProblem(code: "dhcp-not-served", message: "this server serves no DHCP (role dhcp), and gives no leases") }
        return desk
    }

    static func parameter(_ name: String, of request: Request) -> String? {
        request.uri.queryParameters[Substring(name)].flatMap { String($0).removingPercentEncoding }
    }

    private static func leaseState(_ request: Request) throws(APIProblem) -> LeaseSummary.State? {
        guard let text = parameter("state", of: request) else { return nil }
        guard let state = LeaseSummary.State(rawValue: text) else {
            let all = LeaseSummary.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIProblem(code: "malformed-state", message: "no state of a lease is called \"\(text.prefix(64))\"; choose from \(all)")
        }
        return state
    }

    private static func address(_ context: BasicRequestContext) throws(APIProblem) -> String {
        guard let text = context.parameters.get("address")?.removingPercentEncoding else {
            throw APIProblem(code: "malformed-address", message: "the request names no address")
        }
        return text
    }
}
