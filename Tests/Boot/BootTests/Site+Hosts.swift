import FleetModel
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import VirtualRack

/// What hosts do, as the servers, their screens and they themselves tell it.
extension Site {
    /// `nil` for a host that nobody has seen.
    func host(_ host: String) async throws -> HostDetail? {
        do {
            return try await client.get(HostDetail.self, "/v1/hosts/\(host)")
        } catch let problem as APIProblem where problem.code == "unknown-host" {
            return nil
        }
    }

    /// The events of the host's current boot, oldest first.
    func timeline(of host: String) async throws -> [BootEvent] {
        try await client.get(Timeline.self, "/v1/hosts/\(host)/timeline").events
    }

    /// Waits for a state, in a boot that began after `boot` if that is given and with the configuration `revision` in force.
    func wait(
        until state: HostState, _ host: String, after boot: BootID? = nil, revision: UInt64 = 0, within limit: Duration = .seconds(600)
    ) async throws -> HostDetail {
        do {
            return try await eventually("\(host) is \(state.rawValue)", within: limit) {
                guard let detail = try await self.host(host), detail.summary.state == state else { return nil }
                if let boot, detail.record.boot?.id == boot { return nil }
                return (detail.record.boot?.status?.revision ?? 0) >= revision ? detail : nil
            }
        } catch let unmet as Unmet {
            let detail = try await self.host(host)
            let failed = detail?.record.boot?.status?.items.filter { $0.state == .failed } ?? []
            let last = try await timeline(of: host).last
            throw Unmet("\(unmet); it is \(detail?.summary.state.rawValue ?? "unknown"), last: \(last?.name ?? "-"), failed: \(failed)")
        }
    }

    /// Waits for an event of the host's current boot.
    @discardableResult
    func wait(forEvent name: String, of host: String, within limit: Duration = .seconds(600)) async throws -> BootEvent {
        try await eventually("\(name) in the timeline of \(host)", within: limit) {
            try await self.timeline(of: host).last { $0.name == name }
        }
    }

    /// Waits until the host's screen has shown a text.
    func wait(untilScreenOf host: String, shows text: String, within limit: Duration = .seconds(600)) async throws {
        guard try await rack.serialLog(host, contains: text, within: limit) else {
            throw Unmet("the screen of \(host) did not show \"\(text)\" within \(limit)")
        }
    }

    /// Runs a shell script on the host, as root over SSH; returns its standard output.
    func run(on host: HostDetail, _ script: String) async throws -> String {
        let address = try host.record.boot?.address.unwrapped("address of the host")
        let options = [
            "BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=60",
        ]
        let command = ["ssh", "-i", key] + options.flatMap { ["-o", $0] } + ["root@\(address?.description ?? "")", "sh", "-eu"]
        // After a change of the kernel guests come before the way in.
        let output = try await eventually("a way in to the host", within: .seconds(180)) {
            let output = try await self.rack.run(inNamespace: command, input: script, timeLimit: .seconds(180))
            return output.exitCode == 255 && output.standardError.contains("Connection refused") ? nil : output
        }
        return try output.checked()
    }

    /// Runs shell commands on the host and returns what each printed, by name.
    func ask(_ host: HostDetail, _ questions: KeyValuePairs<String, String>) async throws -> [String: String] {
        let script = questions.map { "echo \"\($0.key)=$(echo $(\($0.value)))\"" }.joined(separator: "\n")
        let lines = try await run(on: host, script).split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1) }
        return Dictionary(lines.map { (String($0[0]), $0.count > 1 ? String($0[1]) : "") }, uniquingKeysWith: { _, last in last })
    }
}
