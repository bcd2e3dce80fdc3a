import Fleet
import HostContract
import Hummingbird
import OperatorTypes

extension OperatorServer {
    func addTrace(to group: RouterGroup<BasicRequestContext>) {
        group.get("statistics") { _, _ in try JSONAnswer(try packetTrace().counts) }
        group.get("events") { _, _ in try JSONAnswer(await fleet.networkEvents()) }
        group.get("trace") { request, _ in
            let wish = Self.traceWish(request)
            return try JSONAnswer(fleet.packets(of: wish.host, on: wish.interface, after: wish.after, in: try packetTrace()))
        }
        group.get("trace/follow") { request, _ in
            let wish = Self.traceWish(request)
            return Self.stream(try fleet.followPackets(of: wish.host, on: wish.interface, after: wish.after, in: try packetTrace()))
        }
    }

    private func packetTrace() throws(APIProblem) -> any PacketTrace {
        guard let trace else { throw APIProblem(code: "dhcp-not-served", message: "this server serves no DHCP (role dhcp), and sees no packets") }
        return trace
    }

    private static func traceWish(_ request: Request) -> (host: String?, interface: String?, after: Int64) {
        (parameter("host", of: request), parameter("interface", of: request), parameter("after", of: request).flatMap { Int64($0) } ?? 0)
    }
}
