import Foundation
import TestSupport

/// The real `bennu`, which the build puts beside the test bundle.
enum Program {
    /// Found from where this test's own code is.
    static let path: String = {
        let environment = ProcessInfo.processInfo.environment["BENNU_PROGRAM"]
        let maps = (try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)) ?? ""
        let bundle = maps.split(separator: "\n").lazy.compactMap { $0.split(separator: " ").last.map(String.init) }.first { $0.hasSuffix(".xctest") }
        return environment ?? URL(filePath: bundle ?? CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "bennu").path
    }()

    /// A copy where everybody may run it. By another process: a program cannot be run while any process has it open for writing, and those that
    /// other tests start inherit what this one has open.
    static func copy(to place: String) throws {
        let copying = Process()
        copying.executableURL = URL(filePath: "/usr/bin/env")
        copying.arguments = ["cp", path, place]
        try copying.run()
        copying.waitUntilExit()
        guard copying.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    struct Result: Sendable {
        var status: Int32
        var output: String
        var errors: String
    }

    /// Runs a program to its end. Both outputs go to files, so that none of them can fill a pipe.
    static func run(_ arguments: [String], command: [String]? = nil) throws -> Result {
        let directory = try TemporaryDirectory()
        let (output, errors) = (directory.path + "/output", directory.path + "/errors")
        let process = try start(arguments, command: command, output: output, errors: errors)
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    /// - Parameters:
    ///   - command: goes before `bennu`, like `ip netns exec NAME`.
    ///   - program: a copy of `bennu` elsewhere.
    static func start(_ arguments: [String], command: [String]? = nil, program: String? = nil, output: String, errors: String) throws -> Process {
        for path in [output, errors] { try Data().write(to: URL(filePath: path)) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = (command ?? []) + [program ?? path] + arguments
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }
}
