import AddressPlan
package import BootPolicy
import Documents
package import FleetModel
import HashTreeCollections
package import Primitives
import Synchronization

/// Who may download now. Kept apart from the fleet's state: pieces of downloads are noted here, thousands a second.
extension Fleet {
    func brings(_ limits: DownloadSlots.Limits) { downloads.withLock { $0.limit(to: limits, now: uptime()) } }

    /// Sets free what nobody came for, and notes who went away.
    package func settleDownloads() {
        let left = downloads.withLock { slots in
            slots.settle(now: uptime())
            return slots.takeLeft()
        }
        guard !left.isEmpty else { return }
        let time = now()
        record(state.withLock { $0.note(left, now: time) })
    }

    package var downloadLoads: DownloadLoads { downloads.withLock { $0.loads } }

    var queue: [HostID: QueuePlace] { downloads.withLock { $0.places(now: uptime()) } }

    package func decideDownload(of root: Digest, by boot: BootID, at address: IPv4Address?) -> DownloadDecision {
        guard let request = request(of: boot, at: address, mayWait: true) else { return .go }
        let answer = downloads.withLock { slots in
            let answer = slots.ask(request, now: uptime())
            if case .go = answer { slots.expect([root], by: request.host) }
            return answer
        }
        switch answer {
        case .wait(let place, let seconds): return .queue(place, seconds: seconds)
        case .go(let wait):
            let time = now()
            if let wait { record(state.withLock { $0.note([wait], now: time) }) }
            return .go
        }
    }

    package func download(_ step: DownloadStep, of blob: Digest, by boot: BootID, at address: IPv4Address?) {
        guard let request = request(of: boot, at: address, mayWait: false) else { return }
        downloads.withLock { slots in
            switch step {
            case .began: slots.began(request, now: uptime())
            case .progressed: slots.progressed(request.host, now: uptime())
            case .ended(let isComplete): slots.ended(blob, of: request.host, isComplete: isComplete, now: uptime())
            }
        }
    }

    package func abandonDownload(by boot: BootID) {
        guard let host = state.withLock({ $0.byBoot[boot] }) else { return }
        downloads.withLock { $0.abandon(host, now: uptime()) }
    }

    /// `nil` for a boot that nobody knows, which takes no slot, and where nothing is limited.
    private func request(of boot: BootID, at address: IPv4Address?, mayWait: Bool) -> DownloadSlots.Request? {
        guard downloads.withLock({ !$0.isIdle }) else { return nil }
        return state.withLock { state in
            guard let host = state.byBoot[boot], let record = state.hosts[host] else { return nil }
            let isUnderWay = record.boot.map { $0.id == boot && $0.phase < .agent && $0.operationalAt == nil } ?? false
            let isRoot = mayWait || record.boot?.phase == .claimed
            let need: DownloadNeed = !isUnderWay ? .upgrade : isRoot ? .root : .kernel
            return DownloadSlots.Request(host: host, boot: boot, need: need, subnet: state.subnet(of: address))
        }
    }
}

extension FleetState {
    /// As the documents say.
    var downloadLimits: DownloadSlots.Limits {
        let bySubnet = documents.subnets.compactMap { subnet in subnet.spec.downloads.map { (subnet.name, $0) } }
        return DownloadSlots.Limits(total: documents.bootServer?.downloads, bySubnet: Dictionary(bySubnet) { first, _ in first })
    }

    /// The name of the subnet that holds an address: they are in the order of their networks, and none overlap.
    func subnet(of address: IPv4Address?) -> String? {
        guard let address else { return nil }
        var (low, high) = (0, subnets.subnets.count)
        while low < high {
            let middle = (low + high) / 2
            if subnets.subnets[middle].prefix.network <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0, subnets.subnets[low - 1].prefix.contains(address) else { return nil }
        return subnets.subnets[low - 1].name
    }

    /// Waits that have ended: into the records of their boots, and the timeline.
    package mutating func note(_ waits: [DownloadSlots.Wait], now: Int64) -> [BootEvent] {
        waits.map { wait in
            if var record = hosts[wait.request.host], var boot = record.boot, boot.id == wait.request.boot {
                boot.queued = (boot.queued ?? 0) + wait.milliseconds
                record.boot = boot
                put(record)
            }
            let seconds = "\(wait.milliseconds / 1000).\(wait.milliseconds % 1000 / 100) s"
            let behind = "\(seconds) for its \(wait.request.need.text), \(wait.before) before it at first"
            let (name, detail) =
                switch wait.end {
                case .admitted: ("queued", behind)
                case .left: ("queue-left", "it stopped asking after \(behind)")
                case .overrun: ("queue-overrun", "let through beyond the limit after \(behind)")
                }
            return BootEvent(
                host: wait.request.host, boot: wait.request.boot, time: now, source: .fleet, name: name, detail: detail,
                attributes: ["milliseconds": "\(wait.milliseconds)", "need": wait.request.need.rawValue, "before": "\(wait.before)"])
        }
    }
}
