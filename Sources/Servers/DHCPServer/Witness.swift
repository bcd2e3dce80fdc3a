import BootPolicy
import DHCPWire
import Fleet
import FleetModel
import Primitives

/// Who a message is from, and how to write about it in that host's boot timeline. A class: it goes along with the answer.
final class Witness: Sendable {
    private let directory: any BootDirectory
    private let sighted: SightedHost
    private let stage: Sighting.Stage
    let hardwareAddress: HardwareAddress
    let type: DHCPMessageType

    /// Tells the fleet about the message.
    init(_ request: CheckedRequest, directory: any BootDirectory) {
        self.directory = directory
        (hardwareAddress, type) = (request.hardwareAddress, request.type)
        stage =
            switch request.bootClient?.kind {
            case .pxe, .http: .firmware
            case .ipxe: .loader
            case nil: .system
            }
        sighted = directory.sight(
            Sighting(
                stage: stage, hardwareAddress: request.hardwareAddress, uuid: request.uuid,
                firmware: request.bootClient.map { client in
                    client.summary + (request.message.vendorClassIdentifier.map { ", \($0.printable(limit: 64))" } ?? "")
                }, isFirstMessage: request.type == .discover))
    }

    /// Whether a Host document speaks of the sender.
    var isKnown: Bool { sighted.name != nil }

    /// A running system renews all the time: only what belongs to a boot is written down.
    private var isPartOfBoot: Bool { stage != .system || sighted.boot != nil }

    func received(_ request: CheckedRequest) {
        guard isPartOfBoot else { return }
        var attributes = ["xid": Hexadecimal.encode(withUnsafeBytes(of: request.message.transactionID.bigEndian, Array.init))]
        if let architecture = request.bootClient?.architecture { attributes["architecture"] = architecture.description }
        if let vendorClass = request.message.vendorClassIdentifier { attributes["vendor-class"] = vendorClass.printable(limit: 64) }
        let who = request.bootClient?.summary ?? "running system"
        record("\(request.type.timelineName)-received", detail: "\(request.type) from \(hardwareAddress), \(who)", attributes: attributes)
    }

    func sent(_ reply: PreparedReply) {
        guard isPartOfBoot, let type = reply.type, let reply = reply.message else { return }
        var attributes: [String: String] = [:]
        if !reply.yourAddress.isAny { attributes["address"] = reply.yourAddress.description }
        if let file = reply.bootFileName { attributes["boot-file"] = file }
        if let text = reply.text { attributes["reason"] = text }
        let what = [attributes["address"], attributes["boot-file"].map { "then \($0)" }, attributes["reason"]].compactMap { $0 }
        record(
            "\(type.timelineName)-sent", detail: "\(type) to \(hardwareAddress): \(what.joined(separator: ", "))", attributes: attributes)
    }

    func refused(_ refusal: DHCPRefusal, detail: String) {
        guard isPartOfBoot, !refusal.leavesToAnother else { return }
        let advice = refusal.advice.map { "; \($0)" } ?? ""
        record("dhcp-refused", detail: "\(refusal.rawValue): \(detail)\(advice)", attributes: ["reason": refusal.rawValue])
    }

    /// Whether or not it belongs to a boot: what it tells is about the network.
    func sawOtherServer(_ server: IPv4Address) {
        record(
            "other-dhcp-server", detail: "\(hardwareAddress) took the offer of \(server), which is not ours", attributes: ["server": "\(server)"])
    }

    private func record(_ name: String, detail: String, attributes: [String: String]) {
        var attributes = attributes
        attributes["mac"] = hardwareAddress.description
        directory.record(
            BootEvent(host: sighted.host, boot: sighted.boot, time: 0, source: .dhcp, name: name, detail: detail, attributes: attributes))
    }
}

extension DHCPMessageType {
    /// Short, as people say it: `ack`, `nak`.
    fileprivate var timelineName: String {
        switch self {
        case .acknowledgement: "ack"
        case .negativeAcknowledgement: "nak"
        default: label
        }
    }
}
