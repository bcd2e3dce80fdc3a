import Foundation
import TestSupport
import Testing

@Suite("Everything that keeps a server from starting is named at once, with exit code 64", .timeLimit(.minutes(2)))
struct PreflightTests {
    private func serve(_ directory: TemporaryDirectory, _ more: String...) throws -> Program.Result {
        try Program.run(["serve", "--data", directory.path + "/data", "--socket", directory.path + "/s"] + more)
    }

    /// A listening TCP socket on a port that the system chose.
    private func takenPort() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(isBound)
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }

    @Test("a socket's path may be a name of one letter, in the working directory")
    func shortSocket() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run([
            "serve", "--data", directory.path + "/data", "--socket", "s", "--roles", "configuration,operator", "--interface", "none0",
        ])
        #expect(result.status == 64 && result.errors.contains("there is no interface none0") && result.errors.contains("1 problem\n"), "\(result)")
    }

    @Test("a missing interface, a taken port with its holder, missing documents and a data directory that is a file")
    func everything() throws {
        let directory = try TemporaryDirectory()
        let taken = try takenPort()
        defer { close(taken.descriptor) }
        let file = directory.path + "/data"
        try Data().write(to: URL(filePath: file))
        let result = try serve(
            directory, "--roles", "configuration,operator", "--interface", "none0", "--configuration-port", "\(taken.port)", "--documents",
            directory.path + "/none")
        #expect(result.status == 64 && result.output.isEmpty)
        for part in [
            "there is no interface none0; this server has: lo", "the data directory \(file) is a file",
            "cannot read the documents \(directory.path)/none",
            "configuration port \(taken.port)/tcp is taken by ", "(process \(ProcessInfo.processInfo.processIdentifier))", "4 problems",
        ] {
            #expect(result.errors.contains(part), "\(part) is not in:\n\(result.errors)")
        }
    }

    @Test("no interface at all, and a socket path that is too long for Unix")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run(
            [
                "serve", "--data", directory.path + "/data", "--roles", "configuration", "--configuration-port", "1", "--socket",
                directory.path + "/" + String(repeating: "x", count: 110),
            ])
        #expect(result.status == 64)
        #expect(result.errors.contains("no interface was named") && result.errors.contains("107 bytes"))
    }

    @Test("documents with mistakes, each with file, line and path")
    func documents() throws {
        let directory = try TemporaryDirectory()
        // One of the problems is found before the documents are looked at: they are looked at all the same, and nothing is applied.
        let path = directory.path + "/bad.yaml"
        let good = directory.path + "/good.yaml"
        try Data("apiVersion: bennu/v1\nkind: Host\nmetadata: {name: g}\nspec: {hardwareAddresses: ['52:54:00:00:00:01']}\n".utf8)
            .write(to: URL(filePath: good))
        #expect(try serve(directory, "--interface", "none0", "--roles", "dhcp,operator", "--documents", good).status == 64)
        let server = try RunningServer(directory)
        #expect(!(try server.run("document", "list").output.contains("Host")))
        server.kill(SIGTERM)
        try Data("apiVersion: bennu/v1\nkind: Host\nmetadata: {name: a}\nspec:\n  uuid: x\n  image: a:b:c\n".utf8).write(to: URL(filePath: path))
        let result = try serve(directory, "--interface", "none0", "--roles", "dhcp,operator", "--documents", path)
        #expect(result.status == 64 && result.errors.contains("none0"))
        #expect(result.errors.contains("\(path):5:") && result.errors.contains("spec.uuid") && result.errors.contains("\(path):6:"))
    }

    @Test("a data directory that another process holds")
    func inUse() throws {
        let server = try RunningServer(try TemporaryDirectory())
        let result = try Program.run(["serve", "--data", server.data, "--roles", "operator", "--socket", server.directory.path + "/other"])
        #expect(result.status == 64)
        #expect(result.errors.contains("process \(server.process.processIdentifier) holds it"), "\(result.errors)")
        #expect(try server.run("status").status == 0)
    }

    @Test("a data directory that this user cannot write", .enabled(if: geteuid() == 0, "needs root to become somebody else"))
    func unwritable() throws {
        let directory = try TemporaryDirectory()
        for path in [directory.path, directory.path + "/data"] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        // `nobody` may neither read the build nor write here: the copy lies where it can be run.
        let program = directory.path + "/bennu"
        try Program.copy(to: program)
        let runner = Process()
        let errors = directory.path + "/errors"
        try Data().write(to: URL(filePath: errors))
        runner.executableURL = URL(filePath: "/usr/bin/env")
        runner.arguments = [
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program, "serve", "--data", directory.path + "/data", "--roles",
            "operator", "--socket", directory.path + "/s",
        ]
        runner.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
        try runner.run()
        runner.waitUntilExit()
        let text = try String(contentsOfFile: errors, encoding: .utf8)
        #expect(runner.terminationStatus == 64)
        #expect(text.contains("cannot read and write the data directory \(directory.path)/data: Permission denied"), "\(text)")
    }

    @Test(
        "options that make no sense are named",
        arguments: [["--roles", "king"], ["--log-level", "loud"], ["--http-port", "0"], ["--http-port", "70000"]])
    func options(arguments: [String]) throws {
        let result = try Program.run(["serve"] + arguments)
        #expect(result.status == 64 && !result.errors.isEmpty)
    }
}
