import AddressPlan
import BootPolicy
import DHCPWire
import Fleet
import FleetModel
import Logging
import Primitives

/// A link that is to be asked something.
struct ProbeTarget: Sendable, Hashable {
    let interfaceIndex: UInt32
    /// Free addresses that are given next there.
    var addresses: [IPv4Address] = []
    /// Whether to ask for other DHCP servers.
    var seeksServers = false

    /// Addresses that are known to be free ahead of need: more than a rack takes in the seconds that a round lasts.
    static let most = 64
}

extension ReceiveLoop {
    /// The links whose subnets are probed. Only subnets that an interface of ours is on: nobody hears ARP behind a relay.
    func nextProbes() -> [ProbeTarget] {
        let now = clock()
        return endpoints.filter { !$0.isProxyPort }.compactMap { endpoint in
            var target = ProbeTarget(interfaceIndex: endpoint.interfaceIndex)
            var seen: Set<String> = []
            for home in endpoint.addresses.compactMap(responder.subnets.subnet(containing:)) {
                for subnet in responder.subnets.network(of: home) where subnet.plan.mode == .server && seen.insert(subnet.plan.name).inserted {
                    if subnet.plan.probesServers { target.seeksServers = true }
                    guard subnet.plan.probesAddresses else { continue }
                    target.addresses += responder.table.nextAddresses(in: subnet, most: ProbeTarget.most, now: now)
                }
            }
            return target.seeksServers || !target.addresses.isEmpty ? target : nil
        }
    }

    /// As after a DHCPDECLINE: nobody gets the address for a time, and a restart does not forget it.
    mutating func quarantine(_ address: IPv4Address, usedBy hardware: HardwareAddress) {
        let detail: String
        let now = clock()
        guard responder.table.quarantined(by: hardware, at: now) < QuarantineCounts.mostOfOneMachine else { return statistics.foundConflict() }
        switch responder.table.quarantine(address, usedBy: hardware, now: now, quarantine: configuration.quarantineTime) {
        case .known: return
        case .kept: detail = "\(hardware), which had \(address), uses it beyond its lease: it is kept for that one"
        case .quarantined(let change):
            detail = "\(hardware) answers for \(address), which is free: it is given to nobody for \(configuration.quarantineTime) s"
            if queue.push([PendingCommit(change: change)]) == 0 { responder.table.revert(change) }
        }
        statistics.foundConflict()
        logger.notice("another machine has an address of a pool", metadata: ["address": "\(address)", "host.mac": "\(hardware)"])
        directory.record(
            BootEvent(
                host: nil, boot: nil, time: 0, source: .dhcp, name: "address-conflict", detail: detail,
                attributes: ["pool-address": "\(address)", "mac": "\(hardware)"]))
    }

    /// A machine that declines whatever it is given, or answers for it itself.
    mutating func tellOfDeclines(by request: CheckedRequest) {
        let hardware = request.hardwareAddress
        guard responder.quarantines.isNews(hardware, now: clock()) else { return }
        let address = request.message.requestedAddress ?? .any
        logger.notice("a machine declines too many addresses", metadata: ["host.mac": "\(hardware)", "address": "\(address)"])
        let detail = "\(hardware) declined \(address): it or its switch port has as many quarantined addresses as it is believed, so that one is not"
        directory.record(
            BootEvent(
                host: nil, boot: nil, time: 0, source: .dhcp, name: "decline-limit", detail: detail,
                attributes: ["pool-address": "\(address)", "mac": "\(hardware)"]))
    }
}
