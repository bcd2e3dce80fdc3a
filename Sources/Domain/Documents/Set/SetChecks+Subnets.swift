import FleetModel
import Primitives

extension SetChecks {
    private var sortedSubnets: [(document: Document, spec: SubnetSpec)] {
        documents.compactMap { document in
            guard case .subnet(let spec) = document.spec else { return nil }
            return (document, spec)
        }
        .sorted { ($0.spec.prefix.network, $0.spec.prefix.length) < ($1.spec.prefix.network, $1.spec.prefix.length) }
    }

    /// In order of their networks, a subnet that overlaps with any earlier one overlaps with the one that reaches furthest.
    mutating func subnets() {
        var widest: (document: Document, spec: SubnetSpec)?
        for subnet in sortedSubnets {
            if let earlier = widest, earlier.spec.prefix.overlaps(subnet.spec.prefix) {
                let place = "\(earlier.document.file):\(earlier.document.mark("spec.prefix").line)"
                report(
                    .overlap, subnet.document, "spec.prefix",
                    "\(subnet.spec.prefix) overlaps with \(earlier.spec.prefix) of \(earlier.document.key) at \(place)")
            }
            if subnet.spec.prefix.broadcast >= widest?.spec.prefix.broadcast ?? .any { widest = subnet }
        }
    }

    /// Reserved addresses: on a subnet, usable there, and each for one host.
    mutating func reservations() {
        let subnets = sortedSubnets
        for subnet in subnets {
            for (index, reservation) in subnet.spec.reservations.enumerated() {
                claim("address \(reservation.address)", subnet.document, "spec.reservations[\(index)].address")
            }
        }
        for document in documents {
            guard case .host(let spec) = document.spec, let address = spec.address else { continue }
            claim("address \(address)", document, "spec.address")
            guard let subnet = subnet(of: address, in: subnets) else {
                report(
                    .outsideSubnets, document, "spec.address", "no Subnet holds \(address)",
                    hint: "apply a Subnet document for its network too")
                continue
            }
            let prefix = subnet.spec.prefix
            if subnet.spec.mode != .server {
                report(
                    .conflictingFields, document, "spec.address",
                    "\(subnet.document.key) gives no addresses (mode: \(subnet.spec.mode.rawValue))",
                    hint: "reserve \(address) in the DHCP server that does, and remove it here")
            } else if address == prefix.network || address == prefix.broadcast {
                report(.invalidValue, document, "spec.address", "\(address) is the network or broadcast address of \(prefix)")
            } else if subnet.spec.routers.contains(address) {
                report(.claimedTwice, document, "spec.address", "\(address) is a router of \(subnet.document.key)")
            }
        }
    }

    /// The last subnet that begins at or before the address is the only candidate, as long as none overlap; they are reported when they do.
    private func subnet(of address: IPv4Address, in subnets: [(document: Document, spec: SubnetSpec)]) -> (
        document: Document, spec: SubnetSpec
    )? {
        var (low, high) = (0, subnets.count)
        while low < high {
            let middle = (low + high) / 2
            if subnets[middle].spec.prefix.network <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0, subnets[low - 1].spec.prefix.contains(address) else { return nil }
        return subnets[low - 1]
    }
}
