import Foundation

/// `bennu serve` as a child process that writes to a log.
final class ServerProcess: Sendable {
    private let process = Process()

    /// `command` by its name or path; its output is added to the file `log`.
    init(_ command: [String], log: String) throws {
        if !FileManager.default.fileExists(atPath: log) { _ = FileManager.default.createFile(atPath: log, contents: nil) }
        let file = try FileHandle(forWritingTo: URL(filePath: log))
        try file.seekToEnd()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = file
        process.standardError = file
        process.standardInput = FileHandle.nullDevice
        try process.run()
    }

    var isRunning: Bool { process.isRunning }

    func waitForEnd() { process.waitUntilExit() }

    /// SIGKILL; returns when the process is gone. `env` and `ip netns exec` become the program, so the child is the program.
    func kill() {
        guard process.isRunning else { return }
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
