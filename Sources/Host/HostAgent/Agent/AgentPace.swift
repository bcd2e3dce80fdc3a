/// The agent's times. A test shortens them.
package struct AgentPace: Sendable {
    package var heartbeat: Duration = .seconds(15)
    /// Seconds that the server may hold a question for a newer configuration.
    package var wait = 30
    /// How often guests are looked at.
    package var watch: Duration = .seconds(5)
    /// How often guests' disks are read from.
    package var disks: Duration = .seconds(60)
    /// How often everything is looked at again, to put right what has drifted.
    package var repair: Duration = .seconds(60)
    /// A placement that the server confirmed longer ago than this starts no guest.
    package var confirmation: Duration = .seconds(90)
    package var retry = Backoff()
    package init() {}
}
