/// How much a journal keeps. Numbers below 1 count as 1.
package struct JournalLimits: Hashable, Sendable {
    static let eventsPerTransaction = 1024

    /// The newest this many of each host; events without a host share one such share.
    package let eventsPerHost: Int
    package let eventsInAll: Int
    /// Appended and not yet written; beyond it events are dropped.
    package let bufferedEvents: Int
    /// A larger event loses its attributes and the end of its detail: a stranger's text must not fill the disk.
    package let eventBytes: Int
    /// From an event to the transaction that it shares with those that come meanwhile.
    package let gathering: Duration

    package init(
        eventsPerHost: Int = 5000, eventsInAll: Int = 1_000_000, bufferedEvents: Int = 16_384, eventBytes: Int = 16_384,
        gathering: Duration = .milliseconds(50)
    ) {
        self.gathering = gathering
        self.eventsPerHost = max(eventsPerHost, 1)
        self.eventsInAll = max(eventsInAll, 1)
        self.bufferedEvents = max(bufferedEvents, 1)
        self.eventBytes = max(eventBytes, 1)
    }
}
