import Foundation
import Testing

/// A network namespace whose interface `rack0` has 10.77.0.1/24. It goes with this value.
final class NetworkOfItsOwn {
    let name = "bennu-test-\(UInt32.random(in: 0 ... .max))"
    private var spaces: [String] = []

    /// Goes before a program that is to run in it. `ip netns exec` becomes the program, so signals reach it.
    var command: [String] { ["ip", "netns", "exec", name] }

    init() throws {
        try add(name)
        for arguments in [
            ["link", "set", "lo", "up"], ["link", "add", "rack0", "type", "veth", "peer", "name", "rack1"],
            ["address", "add", "10.77.0.1/24", "dev", "rack0"], ["link", "set", "rack0", "up"],
        ] {
            try #require(try Self.ip(["-n", name] + arguments) == 0)
        }
    }

    deinit { for space in spaces { _ = try? Self.ip(["netns", "delete", space]) } }

    private func add(_ space: String) throws {
        try #require(try Self.ip(["netns", "add", space]) == 0)
        spaces.append(space)
    }

    /// Takes the other end, `rack1`, into a namespace of its own, as another machine has it; the command that goes before programs there.
    func separatePeer() throws -> [String] {
        try add(name + "-c")
        for arguments in [
            ["-n", name, "link", "set", "rack1", "netns", name + "-c"],
            ["-n", name + "-c", "link", "set", "rack1", "up"],
        ] { try #require(try Self.ip(arguments) == 0) }
        return ["ip", "netns", "exec", name + "-c"]
    }

    /// What a client in this network prints; the program is found on the `PATH`.
    func output(of arguments: [String]) throws -> String { try Self.output(of: command + arguments) }

    static func output(of arguments: [String]) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }

    private static func ip(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["ip"] + arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
