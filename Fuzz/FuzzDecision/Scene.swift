import AddressPlan
import BootPolicy
import DHCPServer
import DHCPWire
import Primitives

/// One conversation with the responder, and what must hold in every one.
struct Scene {
    var responder: DHCPResponder
    let plans: [SubnetPlan]
    private let arrival: Arrival
    private let isKnown: Bool
    private let isLost: Bool
    private let declines: Bool
    private var now: Int64

    /// Bits of `dice` choose the wire, the port, the time, and what becomes of commits.
    init(responder: DHCPResponder, plans: [SubnetPlan], _ dice: UInt32) {
        (self.responder, self.plans) = (responder, plans)
        let plan = plans[Int(dice & 0xf) % plans.count]
        let own = plan.prefix.network.advanced(by: 1) ?? plan.prefix.network
        let sender = plan.prefix.network.advanced(by: 7)
        arrival = Arrival(
            servers: ServerAddresses(identifier: own, httpPort: 8080), interfaceAddresses: [own], wasBroadcast: dice & 0x10 != 0,
            proxySender: dice & 0xe0 == 0xe0 ? sender : nil)
        (isKnown, isLost, declines) = (dice & 0x100 != 0, dice & 0xe00 == 0xe00, dice & 0x1000 != 0)
        now = [0, 1_700_000_000, Int64(UInt32.max), .max - 1][Int(dice >> 13 & 3)]
    }

    mutating func tell(_ request: CheckedRequest) {
        guard let first = respond(to: request) else { return }
        let address = first.yourAddress
        guard !address.isAny, request.type == .discover || request.type == .request else { return }
        var next = request.message
        if request.type == .discover {
            (next.messageType, next.requestedAddress, next.serverIdentifier) = (.request, address, first.serverIdentifier)
            guard let granted = send(next), granted.messageType == .acknowledgement, granted.yourAddress == address else { return }
        }
        (next.messageType, next.requestedAddress, next.serverIdentifier, next.clientAddress) = (.request, nil, nil, address)
        _ = send(next)
        var stranger = request.message
        stranger.hardwareAddress = HardwareAddress(value: request.hardwareAddress.value ^ 1 << 24)
        for code: DHCPOptionCode in [.clientIdentifier, .clientMachineIdentifier, .relayAgentInformation] { stranger.options.remove(code) }
        (stranger.messageType, stranger.requestedAddress) = (.discover, address)
        let isHeld = responder.table.lease(at: address)?.isHeld(at: now) ?? false
        if let other = send(stranger) { precondition(!isHeld || other.yourAddress != address, "\(address) was given twice") }
        (next.messageType, next.requestedAddress, next.clientAddress) = declines ? (.decline, address, .any) : (.release, nil, address)
        _ = send(next)
        if declines, let other = send(stranger) { precondition(other.yourAddress != address || !isHeld, "a declined address was given") }
        responder.table.expireOffers(at: .max)
    }

    private mutating func send(_ message: DHCPMessage) -> DHCPMessage? {
        guard let request = try? CheckedRequest(message) else { return nil }
        return respond(to: request)
    }

    /// What its sender reads; `nil` when nothing comes.
    private mutating func respond(to request: CheckedRequest) -> DHCPMessage? {
        now = now < .max - 100 ? now + 1 : now
        let reply: DHCPMessage?
        switch responder.respond(to: request, arrival: arrival, isKnown: isKnown, now: now) {
        case .ignore: return nil
        case .reply(let message, _, _): reply = message
        case .commit(let change, let message, _, _):
            precondition(!change.leases.isEmpty && Set(change.leases.map(\.address)).count == change.leases.count)
            if isLost { responder.table.revert(change) } else { responder.table.confirm(change) }
            reply = isLost ? nil : message
        }
        guard let reply, let bytes = try? reply.encode(answering: request.message) else { return nil }
        guard let read = try? DHCPMessage(packet: bytes) else { preconditionFailure("a reply cannot be read") }
        let asked = request.message
        precondition(read.operation == .reply && read.transactionID == asked.transactionID && read.relayAddress == asked.relayAddress)
        precondition(read.hardwareAddress == request.hardwareAddress && bytes.count >= DHCPMessage.minimumSize && bytes.count <= 1472)
        precondition(read.options[.relayAgentInformation] == asked.options[.relayAgentInformation], "option 82 came back different")
        precondition(read.yourAddress.isAny || plans.contains { $0.mode == .server && $0.prefix.contains(read.yourAddress) }, "an address of nowhere")
        return read
    }
}
