package import HostContract
package import Primitives

extension Guest: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        /// This host's id.
        package var host: String
        /// The domain of this name, if there is one.
        package var domain: ObservedDomain?
        /// The definition that the guest should have here.
        package var definition: String
        /// Where its memory will lie when it starts next; `nil` for the kernel's own.
        package var kept: KeptMemory?
        /// A storage pool that is not there, and has a disk of it.
        package var absentPool: String?
        /// Sources of disks that are not there.
        package var missingDisks: Set<String>
        package var hasLogDirectory: Bool
        /// The highest placement generation that this host has seen for this guest.
        package var generation: UInt64
        package var mayStart: Bool
        package var uptime: Double
        package var made: MadeItem?

        package init(
            host: String, domain: ObservedDomain? = nil, definition: String = "", kept: KeptMemory? = nil, absentPool: String? = nil,
            missingDisks: Set<String> = [], hasLogDirectory: Bool = true,
            generation: UInt64 = 0, mayStart: Bool = true, uptime: Double = 0, made: MadeItem? = nil
        ) {
            (self.host, self.domain, self.definition, self.kept, self.missingDisks) = (host, domain, definition, kept, missingDisks)
            self.absentPool = absentPool
            (self.hasLogDirectory, self.generation, self.mayStart, self.uptime, self.made) = (
                hasLogDirectory, generation, mayStart, uptime, made
            )
        }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        let isHere = placement.host == host.host
        // A host without libvirt that holds no placement need not fail for a guest that runs elsewhere.
        let domain = isHere || host.memory[key] != nil ? try host.libvirt.domain(name) : try? host.libvirt.domain(name)
        let (definition, kept) = isHere ? try keptDefinition(on: host.libvirt.platform(root: host.root), host) : ("", nil)
        return Observed(
            host: host.host, domain: domain, definition: definition, kept: kept,
            absentPool: isHere ? try StoragePool.absent(for: disks.map(\.source) + (DomainTraits(definition)?.files ?? []), host) : nil,
            missingDisks: Set(disks.map(\.source).filter { !host.root.exists($0) }),
            hasLogDirectory: host.root.isDirectory(Self.logDirectory),
            generation: host.memory.placements[uuid.description] ?? 0, mayStart: host.mayStartGuests, uptime: host.uptime,
            made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        guard placement.generation >= observed.generation else {
            throw HostFailure(
                .supersededPlacement, "placement \(placement.generation) is older than \(observed.generation), which this host has seen")
        }
        var plan = ItemPlan()
        if placement.generation > observed.generation {
            plan.actions.append(.rememberPlacement(guest: uuid.description, generation: placement.generation))
        }
        guard placement.host == observed.host else {
            // Another guest that happens to have the name is not ours to stop.
            let isOurs = observed.made != nil || observed.domain?.uuid == uuid
            guard isOurs else { return ItemPlan(plan.actions, note: "placed on \(placement.host)") }
            let stop = Self.stopping(name, domain: observed.domain, made: observed.made, uptime: observed.uptime)
            return ItemPlan(plan.actions + stop.actions, note: "placed on \(placement.host)", isWaiting: stop.isWaiting)
        }
        if let domain = observed.domain, domain.uuid != uuid {
            guard let made = observed.made else {
                throw HostFailure(.foreign, "a guest \(name) with UUID \(domain.uuid) exists that this agent did not define")
            }
            // The name went to another guest. The next look finds nothing, and defines it.
            let stop = Self.stopping(name, domain: domain, made: made, uptime: observed.uptime)
            return ItemPlan(plan.actions + stop.actions, note: "waiting for the former guest \(name) to stop", isWaiting: true)
        }
        return try running(plan, observed)
    }

    private func running(_ begun: ItemPlan, _ observed: Observed) throws(HostFailure) -> ItemPlan {
        var plan = begun
        let fingerprint = Fingerprint.of(observed.definition)
        let isRunning = observed.domain?.isActive ?? false
        let isDefined = observed.domain?.isPersistent == true && observed.made?.fingerprint == fingerprint
        let started = isRunning ? observed.made?.runningFingerprint ?? observed.made?.fingerprint : nil
        if isRunning, isDefined {
            if observed.domain?.state == "paused" { plan.note = "paused" }
            if let started, started != fingerprint { plan.note = "in force after the guest restarts" }
            if var made = observed.made, made.shutdownTimeout != shutdownTimeout {
                made.shutdownTimeout = shutdownTimeout
                plan.actions.append(.remember(key, made))
            }
            return plan
        }
        if !isRunning, let pool = observed.absentPool {
            plan.note = "waits for the storage pool \(pool), which has a disk of it"
            plan.isWaiting = true
            return plan
        }
        if !isRunning {
            // libvirtd makes it when it logs by itself; an image without logs has none.
            if !observed.hasLogDirectory { plan.actions.append(.makeDirectory(path: Self.logDirectory, mode: 0o755)) }
            for disk in disks where observed.missingDisks.contains(disk.source) {
                guard disk.sizeMiB != nil || disk.content != nil else {
                    throw HostFailure(.missing, "disk \(disk.source) is not there, and nothing says how to make it")
                }
                plan.actions.append(.createDisk(disk))
            }
        }
        let willStart = !isRunning && observed.mayStart
        if !isDefined {
            plan.actions.append(.defineGuest(name: name, xml: observed.definition))
            if isRunning { plan.note = "in force after the guest restarts" }
        }
        let made = MadeItem(
            fingerprint: fingerprint, runningFingerprint: isRunning ? started : willStart ? fingerprint : nil, shutdownTimeout: shutdownTimeout)
        if observed.made != made { plan.actions.append(.remember(key, made)) }
        if willStart {
            if let kept = observed.kept { plan.actions.append(.reserveMemory(guest: uuid, kept)) }
            plan.actions.append(.startGuest(name: name))
            plan.note = "started"
        } else if !isRunning {
            plan.note = "not started: the server has not confirmed its placement"
            plan.isWaiting = true
        }
        return plan
    }

    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        stopping(name, domain: try host.libvirt.domain(name), made: made, uptime: host.uptime)
    }

    /// How long a guest that is to leave may take to shut down by itself, in seconds, where it says nothing else.
    package static let patience = 60

    /// Shut down, then destroy, then undefine. Never the disks.
    private static func stopping(_ name: String, domain: ObservedDomain?, made: MadeItem?, uptime: Double) -> ItemPlan {
        let key = ItemKey(kind: kind, name: name)
        guard let domain else { return ItemPlan(made == nil ? [] : [.forget(key)], note: "removed") }
        let undefine: [HostAction] = (domain.isPersistent ? [.undefineGuest(name: name)] : []) + [.releaseMemory(guest: domain.uuid), .forget(key)]
        guard domain.isActive else { return ItemPlan(undefine, note: "removed") }
        guard let since = made?.stopRequested else {
            var asked = made ?? MadeItem()
            asked.stopRequested = uptime
            return ItemPlan([.remember(key, asked), .shutdownGuest(name: name)], note: "shutting down", isWaiting: true)
        }
        let patience = made?.shutdownTimeout ?? patience
        guard uptime - since >= Double(patience) else { return ItemPlan(note: "shutting down", isWaiting: true) }
        return ItemPlan([.destroyGuest(name: name)] + undefine, note: "destroyed: it did not shut down within \(patience) s")
    }
}

/// One libvirt domain.
package struct ObservedDomain: Sendable, Hashable {
    package var name: String
    package var uuid: UniversalUniqueIdentifier
    /// libvirt's word, as in `GuestStatus.state`.
    package var state: String
    package var isActive: Bool
    package var isPersistent: Bool
    package init(name: String, uuid: UniversalUniqueIdentifier, state: String, isActive: Bool, isPersistent: Bool = true) {
        (self.name, self.uuid, self.state, self.isActive, self.isPersistent) = (name, uuid, state, isActive, isPersistent)
    }
}
