import Glibc
import Subprocess

/// What a finished command left.
package struct CommandOutput: Equatable, Sendable {
    /// The exit status, or 128 plus the number of the signal that ended it, as shells say it.
    package let exitCode: Int32
    package let standardOutput: String
    package let standardError: String
}

/// Runs other programs and collects what they say.
enum Command {
    /// Runs to the end, or `timeLimit`, then kills. At most 4 MiB of each output. Any exit status is a result here; not starting is an
    /// error.
    static func run(
        _ arguments: [String], input: String = "", timeLimit: Duration = .seconds(60)
    ) async throws(RackError) -> CommandOutput {
        guard let program = arguments.first else { throw .command([], output: "there is no command") }
        guard locate(program) != nil else { throw .command(arguments, output: "there is no program \(program)") }
        let rest = Arguments(Array(arguments.dropFirst()))
        let finished: CommandOutput?
        do {
            finished = try await withThrowingTaskGroup(of: CommandOutput?.self) { group in
                group.addTask {
                    let result = try await Subprocess.run(
                        .name(program), arguments: rest, environment: .inherit.updating(["PATH": searchPath]),
                        input: .string(input), output: .string(limit: 1 << 22), error: .string(limit: 1 << 22))
                    return CommandOutput(
                        exitCode: code(result.terminationStatus), standardOutput: result.standardOutput,
                        standardError: result.standardError)
                }
                group.addTask {
                    try await Task.sleep(for: timeLimit)
                    return nil
                }
                // Whichever is first; leaving the group cancels the other, and cancelling a command kills it.
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch {
            throw .command(arguments, output: "\(error)")
        }
        guard let finished else { throw .timeout(arguments, seconds: timeLimit.components.seconds) }
        return finished
    }

    /// Runs a command that must succeed; returns its standard output.
    @discardableResult
    static func succeed(_ arguments: [String], input: String = "") async throws(RackError) -> String {
        let result = try await run(arguments, input: input)
        guard result.exitCode == 0 else {
            throw .command(arguments, output: [result.standardError, result.standardOutput].joined().trimmed)
        }
        return result.standardOutput
    }

    /// The path of a program (a name, not a path): as `PATH` has it, or in the system directories that an ordinary user's `PATH` leaves
    /// out.
    static func locate(_ program: String) -> String? {
        return searchPath.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    private static var searchPath: String {
        let path = getenv("PATH").map { String(cString: $0) } ?? ""
        return "\(path):/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin"
    }

    private static func code(_ status: TerminationStatus) -> Int32 {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 &+ signal
        }
    }
}

extension String {
    /// Without white space at either end.
    var trimmed: String {
        let text = drop { $0.isWhitespace }
        return String(text.prefix(upTo: text.lastIndex { !$0.isWhitespace }.map(text.index(after:)) ?? text.startIndex))
    }
}
