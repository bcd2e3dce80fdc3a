import BootServer
import FleetModel
import Foundation
import Logging
import NIOCore
import Primitives
import ServiceLifecycle
import Testing

@Suite struct HTTPRefusalTests {
    /// Printed without the length of what is too long.
    struct Row: Sendable, CustomTestStringConvertible {
        var (path, arguments, status, name): (String, [String], Int, String)
        var testDescription: String { "\(path.prefix(80)) \(arguments.map { $0.prefix(20) }.joined(separator: " ")): \(name)" }
    }

    @Test(
        "What is not served is refused by name",
        arguments: [
            ("/nothing", [], 404, "unknown-path"), ("/blobs/sha256/abc", [], 400, "bad-digest"),
            ("/blobs/sha256/" + String(repeating: "g", count: 64), [], 400, "bad-digest"),
            ("/blobs/sha256/" + String(repeating: "0", count: 64), [], 404, "unknown-blob"),
            ("/boot-files/none.efi", [], 404, "unknown-boot-file"), ("/boot-files/../etc/passwd", [], 404, "unknown-boot-file"),
            ("/boot-files/%2e%2e/x", [], 404, "unknown-boot-file"), ("/boot-files/", [], 404, "unknown-boot-file"),
            ("/boot.ipxe?uuid=", [], 400, "bad-hardware-address"), ("/boot.ipxe?mac=zz", [], 400, "bad-hardware-address"),
            ("/boot.ipxe?mac=ff:ff:ff:ff:ff:ff", [], 400, "bad-hardware-address"),
            ("/boot.ipxe?mac=52:54:00:12:34:56&uuid=1", [], 400, "bad-uuid"),
            ("/boot.ipxe?mac=52:54:00:12:34:56&mac=52:54:00:12:34:56", [], 400, "bad-query"),
            ("/boot.ipxe?mac=%zz", [], 400, "bad-query"), ("/boot.ipxe?mac", [], 400, "bad-query"),
            ("/", ["-X", "PUT"], 405, "method-not-allowed"), ("/", ["-d", "text"], 405, "method-not-allowed"),
            ("/", ["-X", "GET", "-d", "text"], 413, "body-not-accepted"),
            ("/" + String(repeating: "a", count: 3000), [], 414, "uri-too-long"),
            ("/", ["-H", "X-Long: " + String(repeating: "a", count: 20_000)], 431, "headers-too-large"),
        ].map(Row.init))
    func refusals(_ row: Row) async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            let answer = try await curl(server, row.path, row.arguments, in: site)
            #expect(answer.status == row.status)
            #expect(answer.text.hasPrefix("\(row.name): "))
            #expect(answer.all("content-length").count == 1)
            #expect(server.counters[row.name] == 1)
            if row.status == 405 { #expect(answer["allow"] == "GET, HEAD") }
            #expect(site.sightings.isEmpty)
        }
    }

    @Test(
        "What is no HTTP is answered 400 and the connection closed",
        arguments: [
            "nonsense\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        ])
    func malformed(_ bytes: String) async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            let answer = try await exchange(server.port, bytes)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.lowercased().contains("connection: close"))
            #expect(server.counters["malformed-request"] == 1)
        }
    }

    @Test("Pipelined requests are answered in order on one connection")
    func pipelining() async throws {
        let site = try TestSite()
        try site.publish(1, Array("first".utf8))
        try site.publish(2, Array("second".utf8))
        try await withHTTP(site) { server in
            func get(_ seed: UInt8, _ field: String = "") -> String {
                "GET /blobs/sha256/\(TestSite.digest(seed).hexadecimal) HTTP/1.1\r\nHost: a\r\n\(field)\r\n"
            }
            let answer = try await exchange(server.port, get(1) + get(9) + get(2, "Connection: close\r\n"))
            let first = try #require(answer.range(of: "\r\n\r\nfirst"))
            let refused = try #require(answer.range(of: "unknown-blob: "))
            let second = try #require(answer.range(of: "\r\n\r\nsecond"))
            #expect(first.lowerBound < refused.lowerBound && refused.lowerBound < second.lowerBound)
        }
    }

    @Test("An HTTP/1.0 client gets its answer and a closed connection")
    func oldClient() async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            let answer = try await exchange(server.port, "GET / HTTP/1.0\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix("Bennu boot server\n"))
        }
    }

    @Test("A client that trickles or sends nothing is closed", arguments: ["", "GET / HTT", "GET / HTTP/1.1\r\nHost: a\r\nX: "])
    func silent(_ bytes: String) async throws {
        let site = try TestSite()
        var limits = HTTPLimits()
        limits.requestTimeout = .milliseconds(50)
        try await withHTTP(site, limits) { server in
            let answer = try await exchange(server.port, bytes)
            #expect(answer == "")
            #expect(server.counters["idle-timeout"] == 1)
        }
    }

    @Test("A client that stops reading is given up, and the timeline says how far it came")
    func stalled() async throws {
        let site = try TestSite()
        try site.publish(1, [UInt8](repeating: 7, count: 64 << 20), role: "root")
        var limits = HTTPLimits()
        limits.pieceTimeout = .milliseconds(100)
        try await withHTTP(site, limits) { server in
            let request = "GET /blobs/sha256/\(TestSite.digest(1).hexadecimal) HTTP/1.1\r\nHost: a\r\n\r\n"
            try await connectWithoutReading(server.port, request) {
                let event = await site.event("root-aborted")
                let bytes = try #require(event.attributes["bytes"].flatMap { Int($0) })
                #expect(bytes < 64 << 20)
            }
            #expect(server.counters["transfer-aborted"] == 1)
        }
    }

    @Test("Connections over the limit are closed")
    func tooMany() async throws {
        let site = try TestSite()
        var limits = HTTPLimits()
        limits.connections = 0
        try await withHTTP(site, limits) { server in
            let answer = try await exchange(server.port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(answer == "")
            #expect(server.counters["too-many-connections"] == 1)
        }
    }

    @Test("An address that asks more often than a boot needs is refused, and another is not")
    func tooOften() async throws {
        let site = try TestSite()
        var limits = HTTPLimits()
        // One request in a second, and that one at once.
        limits.requestsPerSecond = 1
        try await withHTTP(site, limits) { server in
            let answer = try await exchange(server.port, String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 3))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("HTTP/1.1 429 Too Many Requests\r\n"))
            #expect(answer.contains("\r\nRetry-After: 1\r\n"))
            #expect(answer.contains("too-many-requests: "))
            #expect(server.counters["too-many-requests"] == 1)
            #expect(try await curl(server, "/", ["--interface", "127.0.0.2"], in: site).status == 200)
        }
    }

    @Test("A transfer under way is finished after the server was told to stop")
    func gracefulShutdown() async throws {
        let site = try TestSite()
        try site.publish(1, [UInt8](repeating: 65, count: 8 << 20))
        try await withHTTP(site) { server in
            let request = "GET /blobs/sha256/\(TestSite.digest(1).hexadecimal) HTTP/1.1\r\nHost: a\r\n\r\n"
            let answer = try await exchange(server.port, request, onFirstBytes: { await server.group.triggerGracefulShutdown() })
            #expect(answer.utf8.count > 8 << 20)
            #expect(await site.event("kernel-sent").attributes["bytes"] == "\(8 << 20)")
        }
    }

    @Test("An address in use is an error of the service")
    func addressInUse() async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            let second = HTTPBootService(
                directory: site, advertised: AdvertisedServers(configurationPort: 1), addresses: ["127.0.0.1"], port: server.port,
                logger: .init(label: "test") { _ in SwiftLogNoOpLogHandler() })
            await #expect(throws: (any Error).self) { try await second.run() }
        }
    }
}
