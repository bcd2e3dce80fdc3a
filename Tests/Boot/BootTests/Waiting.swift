import VirtualRack

/// Something that was to be and is not.
struct Unmet: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Asks until there is an answer, four times a second; `Unmet` when there is none `within` the time. The limit is there to end a hang.
@discardableResult
func eventually<Answer>(
    _ what: String, within limit: Duration, isolation: isolated (any Actor)? = #isolation, _ ask: () async throws -> Answer?
) async throws -> Answer {
    let deadline = ContinuousClock.now + limit
    while true {
        if let answer = try await ask() { return answer }
        guard ContinuousClock.now < deadline else { throw Unmet("not within \(limit): \(what)") }
        try await Task.sleep(for: .milliseconds(250))
    }
}

extension Optional {
    func unwrapped(_ what: String) throws -> Wrapped {
        guard let self else { throw Unmet("there is no \(what)") }
        return self
    }
}

extension CommandOutput {
    /// Its standard output, when it succeeded.
    @discardableResult
    func checked() throws -> String {
        guard exitCode == 0 else { throw Unmet("the command ended with \(exitCode): \(standardError)\(standardOutput)") }
        return standardOutput
    }
}
