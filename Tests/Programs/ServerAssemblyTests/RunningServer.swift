import Foundation
import TestSupport

/// `bennu serve` with its operator API only, as a child of the test.
final class RunningServer {
    let directory: TemporaryDirectory
    private(set) var process: Process

    var data: String { directory.path + "/data" }
    var socket: String { directory.path + "/s" }

    init(_ directory: TemporaryDirectory, _ more: [String] = ["--roles", "operator"], command: [String]? = nil, program: String? = nil) throws {
        self.directory = directory
        process = try Program.start(
            ["serve", "--data", directory.path + "/data", "--socket", directory.path + "/s"] + more, command: command, program: program,
            output: directory.path + "/output", errors: directory.path + "/errors")
        try waitUntilItAnswers()
    }

    deinit { kill(SIGKILL) }

    /// Until a client gets an answer; throws when the process ends before that.
    private func waitUntilItAnswers() throws {
        while try run("status").status != 0 {
            guard process.isRunning else {
                throw NotStarted(errors: try String(contentsOfFile: directory.path + "/errors", encoding: .utf8))
            }
        }
    }

    struct NotStarted: Error { var errors: String }

    func run(_ arguments: String...) throws -> Program.Result { try Program.run(arguments + ["--socket", socket]) }

    /// Applies one file with this text.
    func apply(_ text: String) throws -> Program.Result {
        let path = directory.path + "/apply.yaml"
        try Data(text.utf8).write(to: URL(filePath: path))
        return try run("apply", "--file", path)
    }

    /// - Returns: what the process ended with.
    @discardableResult
    func kill(_ signal: Int32) -> Int32 {
        if process.isRunning { _ = Foundation.kill(process.processIdentifier, signal) }
        process.waitUntilExit()
        return process.terminationStatus
    }
}
