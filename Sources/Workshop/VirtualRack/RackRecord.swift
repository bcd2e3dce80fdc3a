package import Primitives

/// How QEMU executes a guest's instructions.
package enum Accelerator: String, Codable, Sendable {
    /// The processor's own virtualization.
    case kvm
    /// Translation, about ten times slower, that works everywhere.
    case tcg
    /// Translation of one processor after the other, by the clock of which each instruction takes a nanosecond: what something takes on it
    /// does not depend on the computer, or on what else that does. Several times slower again.
    case counted
}

/// `rack.json`: all that a later process needs to list, power and remove the rack.
package struct RackRecord: Codable, Equatable, Sendable {
    package enum Phase: String, Codable, Sendable {
        /// `up` has begun and, unless it still runs, was interrupted.
        case making
        case up
    }

    package var name: RackName
    package var phase: Phase
    /// Linux's boot id: what is recorded of processes and networks means nothing after a restart.
    package var bootIdentifier: String
    package var address: IPv4Interface
    package var accelerator: Accelerator
    package var memoryMebibytes: Int
    package var processors: Int
    package var hosts: [VirtualHost]
}

extension RackRecord {
    /// A rack as planned, nothing of it made.
    init(_ plan: RackPlan, accelerator: Accelerator, bootIdentifier: String) {
        name = plan.name
        phase = .making
        self.bootIdentifier = bootIdentifier
        address = plan.address
        self.accelerator = accelerator
        memoryMebibytes = plan.memoryMebibytes
        processors = plan.processors
        hosts = (1...max(1, plan.hosts)).map { number in
            VirtualHost(
                name: "h\(number)",
                uuid: number <= plan.uuids.count ? plan.uuids[number - 1] : VirtualHostIdentity.uuid(rack: plan.name, host: number),
                firmware: plan.firmware,
                hardwareAddresses: (0..<plan.interfaces).map {
                    VirtualHostIdentity.hardwareAddress(rack: plan.name, host: number, interface: $0)
                },
                diskBytes: plan.diskBytes, nodes: plan.nodes, hasTPM: plan.hasTPM)
        }
    }
}
