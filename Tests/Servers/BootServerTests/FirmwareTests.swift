import BootServer
import Fleet
import FleetModel
import Foundation
import NIOCore
import NIOPosix
import Primitives
import Testing

/// What HTTP boot of EDK2 does and trips over, and shim behind it; the numbers are those of their reports.
@Suite("UEFI firmware that boots over HTTP")
struct FirmwareTests {
    private static let size = 300_000

    private static func request(_ method: String, _ path: String = "/boot-files/snponly.efi", _ fields: String = "") -> String {
        "\(method) \(path) HTTP/1.1\r\nHost: 10.0.0.1:8080\r\nAccept: */*\r\nUser-Agent: UefiHttpBoot/1.0\r\n\(fields)\r\n"
    }

    /// Bodies here have no line ends.
    private static func heads(in text: String) -> [String] {
        text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { $0.components(separatedBy: "\r\n\r\n").first }
    }

    private static func fields(of head: String) -> [(name: String, value: String)] {
        head.components(separatedBy: "\r\n").dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return (parts[0].lowercased(), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
        }
    }

    private func site() throws -> TestSite {
        let site = try TestSite()
        try site.publish(5, [UInt8](repeating: UInt8(ascii: "z"), count: Self.size), as: "snponly.efi")
        return site
    }

    @Test("asks for the size with HEAD and fetches with GET on the same connection, which stays open (edk2#9920)")
    func sameConnection() async throws {
        let site = try site()
        try await withHTTP(site) { server in
            let bytes = Self.request("HEAD") + Self.request("GET") + Self.request("GET", "/", "Connection: close\r\n")
            let answer = try await exchange(server.port, bytes)
            let heads = Self.heads(in: answer)
            #expect(heads.map { $0.prefix(3) } == ["200", "200", "200"])
            #expect(answer.filter { $0 == "z" }.count == Self.size)
            for head in heads.prefix(2) {
                let fields = Self.fields(of: head)
                #expect(fields.filter { $0.name == "content-length" }.map(\.value) == ["\(Self.size)"])
                // By this, or by the name's end, it knows a program from a disk image.
                #expect(fields.filter { $0.name == "content-type" }.map(\.value) == ["application/efi"])
                // Chunks go another, slower way there.
                #expect(!fields.contains { $0.name == "transfer-encoding" || $0.name == "connection" })
            }
            #expect(await site.event("loader-sent").attributes["bytes"] == "\(Self.size)")
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var (method, path, fields, status): (String, String, String, Int)
        var testDescription: String { "\(method) \(path) \(fields.prefix(40).split(separator: "\r\n").joined()): \(status)" }
    }

    @Test(
        "gets no field without a value (edk2#7443) and never two lengths (shim#770), whatever the answer is",
        arguments: [
            ("GET", "/boot-files/snponly.efi", "", 200), ("HEAD", "/boot-files/snponly.efi", "", 200),
            ("GET", "/boot-files/snponly.efi", "Range: bytes=5-9\r\n", 206), ("GET", "/boot-files/snponly.efi", "Range: bytes=300000-\r\n", 416),
            ("GET", "/boot-files/snponly.efi", "If-None-Match: *\r\n", 304), ("HEAD", "/boot-files/none.efi", "", 404),
            ("GET", "/boot-files/none.efi", "", 404), ("PUT", "/", "", 405), ("GET", "/blobs/sha256/1", "", 400), ("GET", "/boot.ipxe", "", 200),
            ("GET", "/boot.ipxe?mac=52:54:00:12:34:56&uuid=", "", 200), ("GET", "/", "X: \(String(repeating: "x", count: 20_000))\r\n", 431),
        ].map(Row.init))
    func wellFormed(_ row: Row) async throws {
        let site = try site()
        try await withHTTP(site) { server in
            let answer = try await exchange(server.port, Self.request(row.method, row.path, row.fields + "Connection: close\r\n"))
            let heads = Self.heads(in: answer)
            let head = try #require(heads.first)
            #expect(heads.count == 1 && head.hasPrefix("\(row.status) "))
            let fields = Self.fields(of: head)
            #expect(fields.allSatisfy { !$0.name.isEmpty && !$0.value.isEmpty }, "\(head)")
            #expect(fields.filter { $0.name == "content-length" }.count == (row.status == 304 ? 0 : 1), "\(head)")
            #expect(!fields.contains { $0.name == "transfer-encoding" }, "\(head)")
        }
    }

    @Test("resets the connection when it has what it wanted, and that is no trouble")
    func reset() async throws {
        let site = try site()
        try await withHTTP(site) { server in
            for method in ["HEAD", "GET"] {
                // A head has more than a hundred bytes, and less than the size after it.
                let enough = method == "GET" ? Self.size + 100 : 100
                let answer = try await exchangeThenReset(server.port, Self.request(method), enough: enough)
                #expect(answer.readableBytes >= enough)
            }
            #expect(await site.event("loader-sent").attributes["bytes"] == "\(Self.size)")
            #expect(server.counters["malformed-request"] == 0 && server.counters["transfer-aborted"] == 0)
            #expect(try await curl(server, "/", in: site).status == 200)
        }
    }

    @Test("goes away in the middle, and the timeline says how far it came")
    func resetBefore() async throws {
        let site = try TestSite()
        try site.publish(5, [UInt8](repeating: UInt8(ascii: "z"), count: 64 << 20), as: "snponly.efi")
        try await withHTTP(site) { server in
            _ = try await exchangeThenReset(server.port, Self.request("GET"), enough: 100_000)
            let event = await site.event("loader-aborted")
            #expect(event.attributes["bytes"].flatMap { Int($0) }.map { $0 < 64 << 20 } == true)
            #expect(server.counters["transfer-aborted"] == 1)
        }
    }
}
