/// Events of this boot that only the host can see: `POST /v1/boots/{boot}/events`.
package struct ProgressReport: Codable, Sendable, Hashable {
    package struct Event: Codable, Sendable, Hashable {
        package var name: String
        package var detail: String?
        package init(name: String, detail: String? = nil) { (self.name, self.detail) = (name, detail) }
    }
    package var events: [Event]
    package init(events: [Event]) { self.events = events }
}

/// Why a server did not do what a host or an operator asked, at the API and at the command line.
package struct APIProblem: Codable, Sendable, Hashable, Error, CustomStringConvertible {
    /// Stable, for programs: `unknown-boot`, `claim-taken`.
    package var code: String
    /// What was tried, on what, what was found, what to do next.
    package var message: String
    package var cause: String?
    package init(code: String, message: String, cause: String? = nil) { (self.code, self.message, self.cause) = (code, message, cause) }
    package var description: String { cause.map { "\(message) (\($0))" } ?? message }
}
