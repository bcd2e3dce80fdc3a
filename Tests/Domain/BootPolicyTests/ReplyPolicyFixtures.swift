import AddressPlan
import BootPolicy
import DHCPWire
import Primitives
import Testing

let bootingNIC = HardwareAddress(value: 0x5254_0012_3456)
let bootingUUID = UniversalUniqueIdentifier(high: 0x1122_3344_5566_7788, low: 0x99aa_bbcc_ddee_ff00)
let servers = ServerAddresses(identifier: IPv4Address(10, 0, 0, 1), httpPort: 8080)
let leasedAddress = IPv4Address(10, 0, 0, 100)

func rackSubnet() throws -> ServedSubnet {
    ServedSubnet(
        SubnetPlan(
            name: "rack", prefix: try #require(IPv4Prefix("10.0.0.0/24")), pools: [IPv4Address(10, 0, 0, 100)...IPv4Address(10, 0, 0, 110)],
            routers: [.init(10, 0, 0, 254)], nameServers: [.init(10, 0, 0, 53)], timeServers: [.init(10, 0, 0, 123)],
            domainName: "rack.example", leaseTime: 3600))
}

func lease() -> Lease { Lease(address: leasedAddress, client: LeaseClient(hardwareAddress: bootingNIC), expires: 3600, state: .bound) }

/// A client's message as its vendor class, architecture and user class make it.
func message(
    _ type: DHCPMessageType = .discover, vendorClass: String? = nil, architecture: UInt16? = nil, isIPXE: Bool = false,
    features: [UInt8] = [0x13, 1, 1, 0x15, 1, 1], uuid: UniversalUniqueIdentifier? = bootingUUID
) -> DHCPMessage {
    var message = DHCPMessage(operation: .request, transactionID: 0x1234_5678)
    message.hardwareAddress = bootingNIC
    message.messageType = type
    message.vendorClassIdentifier = vendorClass
    if let architecture { message.clientArchitectures = [ClientArchitecture(rawValue: architecture)] }
    if isIPXE {
        message.options.set(.userClass, to: Array("iPXE".utf8))
        message.options.set(.ipxeEncapsulated, to: features)
    }
    message.clientMachineIdentifier = uuid
    return message
}

/// The reply to an offer or a grant, decoded again from the bytes that leave.
func replied(
    to message: DHCPMessage, decision: LeaseDecision = .offered(lease()), policy: ReplyPolicy = ReplyPolicy(), in subnet: ServedSubnet? = nil
) throws -> (reply: DHCPMessage, destination: DHCPMessage.Destination, refusal: DHCPRefusal?) {
    let decided = policy.reply(to: try CheckedRequest(message), in: try subnet ?? rackSubnet(), decision: decision, servers: servers)
    guard case .reply(let reply, let destination, let refusal) = decided else { throw Ignored(decision: decided) }
    return (try DHCPMessage(decoding: try reply.encode(answering: message)), destination, refusal)
}

struct Ignored: Error {
    let decision: ReplyDecision
}
