package import Primitives

/// What the agent says after each convergence and then as a heartbeat: `POST /v1/boots/{boot}/status`.
package struct StatusReport: Codable, Sendable, Hashable {
    /// Of the configuration that this speaks of; 0 before the first.
    package var revision: UInt64
    package var bootHash: String?
    package var liveHash: String?
    package var items: [ItemStatus]
    package var guests: [GuestStatus]
    /// True when every item is in force and every guest placed here runs.
    package var operational: Bool
    package var agentVersion: String
    /// Bytes (MemTotal − MemAvailable).
    package var memoryUsed: UInt64?
    /// Seconds since the kernel started.
    package var uptime: Double
    package var system: RunningSystem?
    package var upgrade: UpgradeStatus?
    package var renewal: GuestRenewalStatus?

    package init(
        revision: UInt64, bootHash: String? = nil, liveHash: String? = nil, items: [ItemStatus], guests: [GuestStatus], operational: Bool,
        agentVersion: String, memoryUsed: UInt64? = nil, uptime: Double, system: RunningSystem? = nil, upgrade: UpgradeStatus? = nil,
        renewal: GuestRenewalStatus? = nil
    ) {
        (self.revision, self.bootHash, self.liveHash, self.items) = (revision, bootHash, liveHash, items)
        (self.guests, self.operational, self.agentVersion) = (guests, operational, agentVersion)
        (self.memoryUsed, self.uptime, self.system) = (memoryUsed, uptime, system)
        (self.upgrade, self.renewal) = (upgrade, renewal)
    }
}

/// How one item stands.
package struct ItemStatus: Codable, Sendable, Hashable {
    package enum State: String, Codable, Sendable {
        /// It was so already.
        case inForce = "in-force"
        /// It was brought in force just now.
        case changed
        case failed
    }
    package var item: ItemKey
    package var state: State
    /// Why it failed, or what changed; one line.
    package var detail: String
    package init(item: ItemKey, state: State, detail: String = "") { (self.item, self.state, self.detail) = (item, state, detail) }
}

/// How one guest stands, by libvirt.
package struct GuestStatus: Codable, Sendable, Hashable {
    package var name: String
    /// libvirt's word: `running`, `paused`, `shut off`, `crashed`.
    package var state: String
    /// The QEMU process, while it runs.
    package var processID: Int?
    /// When that process started, in the kernel's clock ticks since its own start (proc(5), field 22 of stat): with the process id it
    /// tells this run of the guest from every other under this kernel.
    package var processStart: UInt64?
    /// Where its memory lies, while it runs.
    package var memory: GuestMemoryPlace?
    /// Bytes.
    package var memoryBytes: UInt64?
    /// Why it can be neither kept in place nor saved while the kernel changes: a PCI device, a helper process. `nil` when it can.
    package var fixture: String?
    /// The program of the host that it needs, which ends with the system: a vhost-user backend, a file system in user space. `nil` when it needs none.
    package var program: String?
    /// The disk of it that the host could not read when it last looked, and why; `nil` when it read them all.
    package var unreachable: String?
    /// QEMU's word, without alias: `pc-q35-10.0`.
    package var machineType: String?
    /// The root image that its QEMU was started from.
    package var root: Digest?
    /// Milliseconds that it stood still when the kernel changed before this boot.
    package var pause: Int?

    package init(
        name: String, state: String, processID: Int? = nil, processStart: UInt64? = nil, memory: GuestMemoryPlace? = nil,
        memoryBytes: UInt64? = nil, fixture: String? = nil, program: String? = nil, unreachable: String? = nil, machineType: String? = nil,
        root: Digest? = nil, pause: Int? = nil
    ) {
        (self.name, self.state, self.processID, self.processStart) = (name, state, processID, processStart)
        (self.memory, self.memoryBytes, self.fixture, self.pause) = (memory, memoryBytes, fixture, pause)
        (self.program, self.unreachable, self.machineType, self.root) = (program, unreachable, machineType, root)
    }
}
