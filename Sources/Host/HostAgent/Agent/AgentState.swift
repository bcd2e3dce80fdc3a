import HostContract

/// What the agent's loops tell each other.
actor AgentState {
    private(set) var configuration: HostConfiguration?
    private(set) var grant: ClaimGrant
    private var bootHash: String?
    private var items: [ItemStatus] = []
    private var guests: [GuestStatus] = []
    /// The revision that `items` speak of; a newer one may be on its way.
    private var reported: HostConfiguration?
    private var isConverged = false
    private var nextLook: ContinuousClock.Instant?
    private var confirmed: ContinuousClock.Instant?
    private(set) var wasOperational = false
    /// Oldest first. Bounded: a server that is away for a week is told the last of it.
    private var events: [ProgressReport.Event] = []
    private(set) var refusals: [ConfigurationRefusal: Int] = [:]
    private var eventsLost = 0
    /// The order that is to be carried out, or was the last.
    private(set) var order: UpgradeOrder?
    private var orderStatus: UpgradeStatus?
    /// What is to be done about a guest; `nil` once it is done.
    private(set) var renewal: GuestRenewal?
    private var renewalStatus: GuestRenewalStatus?
    /// The last order of either kind.
    private(set) var knownOrder: String?
    /// True while an order is carried out.
    private(set) var isBusyWithOrder = false
    /// True from the moment when this system is about to be left.
    private(set) var isLeaving = false
    private var isComingBack = false

    /// Yields when a pass is due, a status is to be sent, an event waits. Each holds at most one: the news is in the state.
    nonisolated let passes: AsyncStream<Void>
    nonisolated let beats: AsyncStream<Void>
    nonisolated let news: AsyncStream<Void>
    nonisolated let orders: AsyncStream<Void>
    private let passDue: AsyncStream<Void>.Continuation
    private let beatDue: AsyncStream<Void>.Continuation
    private let newsDue: AsyncStream<Void>.Continuation
    private let orderDue: AsyncStream<Void>.Continuation

    init(grant: ClaimGrant) {
        self.grant = grant
        (passes, passDue) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (beats, beatDue) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (news, newsDue) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (orders, orderDue) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func renew(_ grant: ClaimGrant) { self.grant = grant }

    /// The server is there, and says that this is the newest.
    func confirm() { confirmed = .now }

    func adopt(_ new: HostConfiguration, bootHash: String, isConfirmed: Bool) {
        (configuration, self.bootHash) = (new, bootHash)
        if isConfirmed { confirmed = .now }
        if isConfirmed, let new = new.upgrade { take(new) }
        if isConfirmed, let new = new.renewal { take(new) }
        passDue.yield()
    }

    /// An order that was kept from an earlier run of the agent is not carried out: the server says it again.
    private func take(_ new: UpgradeOrder) {
        guard knownOrder != new.id, !isBusyWithOrder else { return }
        (order, orderStatus, isBusyWithOrder, knownOrder) = (new, UpgradeStatus(order: new.id), true, new.id)
        orderDue.yield()
    }

    private func take(_ new: GuestRenewal) {
        guard knownOrder != new.id, !isBusyWithOrder else { return }
        (renewal, isBusyWithOrder, knownOrder) = (new, true, new.id)
        orderDue.yield()
    }

    func finish(_ renewal: GuestRenewal, pause: Int?, failure: String?) {
        (self.renewal, isBusyWithOrder) = (nil, false)
        renewalStatus = GuestRenewalStatus(order: renewal.id, pause: pause, failure: failure)
        beatDue.yield()
    }

    func finishOrder(failure: String?) {
        (isBusyWithOrder, isLeaving) = (false, false)
        if let order { orderStatus = UpgradeStatus(order: order.id, failure: failure) }
        beatDue.yield()
    }

    /// - Returns: true for one at a time, and not while an order is carried out, which asks by itself.
    func beginComeback() -> Bool {
        guard !isBusyWithOrder, !isComingBack else { return false }
        isComingBack = true
        return true
    }

    func endComeback() { isComingBack = false }

    func leave(_ leaving: Bool) { isLeaving = leaving }

    /// Waits until every event has been sent, or the time is over.
    func drain(within time: Duration) async {
        let end = ContinuousClock.now + time
        while !events.isEmpty, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(50)) }
    }

    func refuse(_ refusal: ConfigurationRefusal) -> Int {
        let count = refusals[refusal, default: 0] + 1
        refusals[refusal] = count
        return count
    }

    func isConfirmed(within age: Duration) -> Bool { confirmed.map { .now - $0 <= age } ?? false }

    /// - Returns: true when the host has become operational for the first time.
    func finish(_ configuration: HostConfiguration, _ pass: Converger.Pass, guests: [GuestStatus], next: ContinuousClock.Instant) -> Bool {
        (items, self.guests, reported) = (pass.items, guests, configuration)
        isConverged = pass.isInForce
        nextLook = next
        beatDue.yield()
        guard isOperational, !wasOperational else { return false }
        wasOperational = true
        return true
    }

    /// - Returns: true when a guest that should run does not, so that a pass is due.
    func see(_ guests: [GuestStatus]) {
        guard guests != self.guests else { return }
        self.guests = guests
        beatDue.yield()
        if isConverged, !isOperational { passDue.yield() }
    }

    /// Every item is in force and every guest placed here runs.
    var isOperational: Bool {
        guard isConverged, let reported, reported.revision == configuration?.revision else { return false }
        let running = Set(guests.filter { $0.state == "running" || $0.state == "blocked" }.map(\.name))
        return reported.settings.guests.allSatisfy { $0.placement.host != reported.host || running.contains($0.name) }
    }

    /// Waits for it as long as that.
    func isOperational(within time: Duration) async -> Bool {
        let end = ContinuousClock.now + time
        while !isOperational, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(200)) }
        return isOperational
    }

    func status(version: String, memoryUsed: UInt64?, uptime: Double, system: RunningSystem?) -> StatusReport {
        StatusReport(
            revision: reported?.revision ?? 0, bootHash: bootHash, liveHash: reported?.liveHash, items: items, guests: guests,
            operational: isOperational, agentVersion: version, memoryUsed: memoryUsed, uptime: uptime,
            system: system, upgrade: orderStatus, renewal: renewalStatus)
    }

    func tick() {
        guard let due = nextLook, due <= .now else { return }
        nextLook = nil
        passDue.yield()
    }

    func beat() { beatDue.yield() }

    func add(_ event: ProgressReport.Event) {
        if events.count == 64 {
            events.removeFirst()
            eventsLost += 1
        }
        events.append(event)
        newsDue.yield()
    }

    /// Those that wait, and how many were lost before them. They stay until `sent`.
    func waiting() -> [ProgressReport.Event] {
        eventsLost == 0 ? events : [.init(name: "events-lost", detail: "\(eventsLost)")] + events
    }

    func sent(_ sent: [ProgressReport.Event]) {
        eventsLost = 0
        events.removeAll { sent.contains($0) }
    }
}
