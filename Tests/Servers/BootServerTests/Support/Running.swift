import BootServer
import Foundation
import Logging
import NIOCore
import Primitives
import ServiceLifecycle
import TFTPWire
import Testing

/// A service while a test runs.
struct Running {
    var port: Int
    var counters: OutcomeCounters
    var group: ServiceGroup
}

private func quiet() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

private func running(
    _ counters: OutcomeCounters, _ service: (@escaping @Sendable ([SocketAddress]) -> Void) -> any Service,
    _ body: (Running) async throws -> Void
) async throws {
    let (ports, bound) = AsyncStream.makeStream(of: Int.self)
    let service = service { addresses in
        bound.yield(addresses.first?.port ?? 0)
        bound.finish()
    }
    let group = ServiceGroup(services: [service], logger: quiet())
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
            defer { bound.finish() }
            try await group.run()
        }
        for await port in ports { try await body(Running(port: port, counters: counters, group: group)) }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

func withHTTP(_ site: TestSite, _ limits: HTTPLimits = HTTPLimits(), _ body: (Running) async throws -> Void) async throws {
    let counters = OutcomeCounters(label: "test")
    try await running(
        counters,
        { onBound in
            HTTPBootService(
                directory: site, advertised: AdvertisedServers(configurationPort: 8081), addresses: ["127.0.0.1"], port: 0, limits: limits,
                counters: counters, logger: quiet(), onBound: onBound)
        }, body)
}

/// Never sends anything twice, however slow the machine is.
let patient: TFTPLimits = {
    var limits = TFTPLimits()
    (limits.transfer.timeout, limits.transfer.minimumTimeout, limits.lingering) = (.seconds(300), .seconds(300), .seconds(300))
    return limits
}()

func withTFTP(
    _ site: TestSite, _ limits: TFTPLimits = patient, address: IPv4Address = IPv4Address(127, 0, 0, 1), singlePort: Bool = false,
    _ body: (Running) async throws -> Void
) async throws {
    let counters = OutcomeCounters(label: "test")
    // Tests leave transfers behind on purpose.
    var limits = limits
    limits.grace = .milliseconds(10)
    try await running(
        counters,
        { [limits] onBound in
            TFTPService(
                directory: site, addresses: [address], port: 0, isSinglePort: singlePort, limits: limits, counters: counters, logger: quiet()
            ) { ports in
                onBound(ports.compactMap { try? SocketAddress(ipAddress: "127.0.0.1", port: Int($0)) })
            }
        }, body)
}

/// A program's exit status and what it printed.
func run(_ program: String, _ arguments: [String], in folder: URL) async throws -> (status: Int32, output: [UInt8]) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    // Through a file: a pipe that nobody reads would stop the program.
    let file = folder.appending(path: "output-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    process.standardOutput = try FileHandle(forWritingTo: file)
    process.standardError = FileHandle.nullDevice
    let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
        process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    return (status, [UInt8](try Data(contentsOf: file)))
}

/// An answer as curl printed it with `-i`.
struct Answer {
    var status: Int
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
    func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
    subscript(_ name: String) -> String? { all(name).first }
}

func curl(_ running: Running, _ path: String, _ arguments: [String] = [], in site: TestSite) async throws -> Answer {
    let url = "http://127.0.0.1:\(running.port)\(path)"
    let result = try await run(
        "curl", ["-q", "-s", "-S", "-i", "--noproxy", "*", "--path-as-is", "-m", "60"] + arguments + [url], in: site.folder)
    #expect(result.status == 0, "curl \(arguments) \(path)")
    let end = result.output.firstRange(of: Array("\r\n\r\n".utf8)) ?? result.output.endIndex..<result.output.endIndex
    let lines = String(decoding: result.output[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    let headers = lines.dropFirst().map { line in
        let parts = line.split(separator: ":", maxSplits: 1)
        return (name: parts[0].lowercased(), value: parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
    }
    let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return Answer(status: status ?? 0, headers: headers, body: Array(result.output[end.upperBound...]))
}
