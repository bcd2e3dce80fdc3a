import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import FuzzDriver
import Primitives

/// A packet in, replies out: its sender takes what it is offered, renews, and gives back or declines; then a stranger asks for the same address.
/// The transaction identifier, which means nothing to a server, says how the packet came.
let plans = Scene.plans
var start = DHCPResponder(table: LeaseTable(), policy: ReplyPolicy())
start.serve(plans)

fuzz { bytes in
    guard let message = try? DHCPMessage(packet: bytes), let request = try? CheckedRequest(message) else { return }
    var scene = Scene(responder: start, plans: plans, message.transactionID)
    scene.tell(request)
    precondition(scene.responder.table.count <= 8, "one client and one stranger have \(scene.responder.table.count) records")
}
