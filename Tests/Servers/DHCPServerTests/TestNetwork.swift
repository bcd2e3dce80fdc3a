import DHCPServer
import DatagramIO
import Foundation
import Glibc
import Primitives
import Synchronization

@_silgen_name("setns") private func setns(_ descriptor: Int32, _ kind: Int32) -> Int32

/// Two network namespaces with a cable between them: `server0`, 10.0.0.1/24, and `client0`. Needs root.
final class TestNetwork: Sendable {
    static var isPossible: Bool { geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/sbin/ip") }

    let server: String
    let client: String
    let directory: URL

    init(address: String = "10.0.0.1/24") throws {
        var generator = SystemRandomNumberGenerator()
        let token = RandomToken.make(count: 8, using: &generator)
        (server, client) = ("bennu-s-\(token)", "bennu-c-\(token)")
        directory = FileManager.default.temporaryDirectory.appending(path: "bennu-dhcp-\(token)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        for line in [
            "netns add \(server)", "netns add \(client)",
            "-n \(server) link add server0 type veth peer name client0 netns \(client)",
            "-n \(server) address add \(address) dev server0", "-n \(server) link set server0 up", "-n \(server) link set lo up",
            "-n \(client) link set client0 up", "-n \(client) link set lo up",
        ] { try Self.ip(line) }
    }

    deinit {
        for name in [server, client] { try? Self.ip("netns delete \(name)") }
        try? FileManager.default.removeItem(at: directory)
    }

    struct Failure: Error {
        let command: String
        let status: Int32
    }

    static func ip(_ line: String) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/sbin/ip")
        process.arguments = line.split(separator: " ").map(String.init)
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure(command: "ip \(line)", status: process.terminationStatus) }
    }

    /// Runs `body` on a thread inside a namespace: sockets belong to the namespace in which they were opened.
    static func inside<Value: Sendable>(_ namespace: String, _ body: @escaping @Sendable () throws -> Value) throws -> Value {
        let result = Mutex<Result<Value, any Error>?>(nil)
        let done = try WakeUp()
        try PlainThread.start("netns") {
            let descriptor = open("/run/netns/\(namespace)", O_RDONLY)
            let entered = setns(descriptor, 0)
            close(descriptor)
            result.withLock {
                $0 = Result {
                    guard entered == 0 else { throw SocketError("enter \(namespace)", code: errno) }
                    return try body()
                }
            }
            done.signal()
        }
        _ = try Readiness.wait(for: [done.descriptor], milliseconds: -1)
        guard let value = result.withLock({ $0 }) else { throw SocketError("run inside \(namespace)", code: 0) }
        return try value.get()
    }

    func openLink(_ interfaceIndex: UInt32, _ kind: LinkSocket.Kind) throws(SocketError) -> LinkSocket {
        do { return try Self.inside(server) { try LinkSocket(interfaceIndex: interfaceIndex, kind: kind) } } catch let error as SocketError {
            throw error
        } catch {
            throw SocketError("open a link: \(error)", code: 0)
        }
    }

    func openEndpoints(_ configuration: DHCPServerConfiguration) throws -> [Endpoint] {
        try Self.inside(server) { try Endpoint.open(configuration) }
    }
}

/// A program in the client's namespace whose output is read line by line. It is killed after a time, so that no test hangs on it.
final class ClientProgram {
    private let process = Process()
    private let output = Pipe()
    private var buffer: [UInt8] = []
    private(set) var lines: [String] = []
    let identifierFile: URL

    /// In the client's namespace where no other is named.
    init(_ network: TestNetwork, in namespace: String? = nil, seconds: Int = 30, _ arguments: [String]) throws {
        identifierFile = network.directory.appending(path: "\(UUID().uuidString).pid")
        process.executableURL = URL(filePath: "/usr/bin/timeout")
        process.arguments =
            ["-k", "1", "\(seconds)", "ip", "netns", "exec", namespace ?? network.client]
            + arguments.map { $0 == "PIDFILE" ? identifierFile.path() : $0 }
        process.standardOutput = output
        process.standardError = output
        // The threads that run tests block signals, and a child inherits that: udhcpc would not hear any.
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try process.run()
    }

    deinit { if process.isRunning { process.terminate() } }

    /// The next line that begins with `prefix`; `nil` when the program ends without it.
    func line(_ prefix: String) -> String? { line(where: { $0.hasPrefix(prefix) }) }

    /// The next line that has `text` in it; `nil` when the program ends without it.
    func line(containing text: String) -> String? { line(where: { $0.contains(text) }) }

    private func line(where isWanted: (String) -> Bool) -> String? {
        while true {
            while let end = buffer.firstIndex(of: 10) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer.removeSubrange(...end)
                lines.append(line)
                if isWanted(line) { return line }
            }
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { return nil }
            buffer += data
        }
    }

    func signal(_ number: Int32) throws {
        let text = try String(contentsOf: identifierFile, encoding: .utf8)
        if let identifier = Int32(text.filter(\.isNumber)) { kill(identifier, number) }
    }

    func waitForEnd() {
        while line("\u{0}") != nil {}
        process.waitUntilExit()
    }
}
