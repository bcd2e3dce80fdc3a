import BootServer
import FleetModel
import Foundation
import NIOCore
import Primitives
import Testing

/// What somebody sends who wants more than boot files.
@Suite struct HTTPAbuseTests {
    /// Ways to name a file outside, as servers were fooled by them.
    static let detours = [
        "../secret", "..", "../", "./../secret", "a/../../secret", "../../../../../../../../etc/passwd", "/etc/passwd", "//etc/passwd",
        "/../secret", "%2e%2e/secret", "%2E%2E%2Fsecret", "..%2fsecret", "..%5csecret", "..\\secret", "..\\..\\secret", "%252e%252e%252fsecret",
        "%c0%ae%c0%ae/secret", "%c0%ae%c0%ae%c0%afsecret", "%uff0e%uff0e/secret", "..%c0%afsecret", "..%00/secret", "snponly.efi%00",
        "snponly.efi/../secret", "snponly.efi/", "snponly.efi/.", "snponly.efi%2f..%2fsecret", "..;/secret", ".../secret", "....//secret",
        "file:///etc/passwd", "snponly.efi;", "snponly.efi%20", "~root", ".secret", "\u{FF0E}\u{FF0E}/secret", "\u{2025}/secret",
    ]

    @Test("Nothing but published names is found, however it is written", arguments: detours)
    func detour(_ detour: String) async throws {
        let site = try TestSite()
        try site.publish(5, TestSite.bytes(100), as: "snponly.efi")
        try Data("this is the secret".utf8).write(to: site.folder.appending(path: "secret"))
        try await withHTTP(site) { server in
            for prefix in ["/boot-files/", "/blobs/sha256/", "/blobs/", "/", ""] {
                let answer = try await exchange(server.port, "GET \(prefix)\(detour) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 4"), "\(prefix)\(detour): \(answer.prefix(40))")
                #expect(!answer.contains("this is the secret") && !answer.contains("root:"))
            }
            #expect(server.counters["sent"] == 0)
        }
    }

    @Test(
        "A published name is found by its own letters only",
        arguments: ["/boot-files/snponly.ef%69", "/boot-files/SNPONLY.EFI", "/Boot-Files/snponly.efi"])
    func otherNames(_ path: String) async throws {
        let site = try TestSite()
        try site.publish(5, TestSite.bytes(100), as: "snponly.efi")
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, in: site)
            #expect(answer.status == 404)
            #expect(try await curl(server, "/boot-files/snponly.efi", in: site).status == 200)
        }
    }

    /// Heads by name: the runner prints every argument as a whole.
    enum Endless: CaseIterable {
        case address, value, fields, fieldName, method

        var bytes: String {
            let (letters, begun) = (String(repeating: "a", count: 4 << 20), "GET / HTTP/1.1\r\nHost: a\r\n")
            return switch self {
            case .address: "GET /" + letters
            case .value: begun + "X: " + letters
            case .fields: begun + String(repeating: "X: a\r\n", count: 600_000)
            case .fieldName: begun + letters
            case .method: letters
            }
        }
    }

    @Test("A head that does not end is not read for ever", arguments: Endless.allCases)
    func endless(_ head: Endless) async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            // Closed before all was taken, which may take the answer with it.
            let answer = try await exchange(server.port, head.bytes)
            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(40))")
            #expect(server.counters["idle-timeout"] == 0)
            #expect(try await curl(server, "/", in: site).status == 200)
        }
    }

    @Test(
        "What follows a body is no request",
        arguments: [
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "Transfer-Encoding: xchunked\r\n\r\n", "Content-Length: 5\r\n\r\nabcde", "Content-Length: 99999999999999999999\r\n\r\n",
            "Content-Length: -1\r\n\r\n", "Content-Length: 0\r\nContent-Length: 44\r\n\r\n", "Transfer-Encoding : chunked\r\n\r\n",
        ])
    func smuggled(_ fields: String) async throws {
        let site = try TestSite()
        try site.publish(5, Array("published".utf8), as: "snponly.efi")
        try await withHTTP(site) { server in
            let second = "GET /boot-files/snponly.efi HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(server.port, "GET / HTTP/1.1\r\nHost: a\r\n\(fields)\(second)")
            #expect(answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(40))")
            #expect(!answer.contains("published"))
        }
    }

    @Test(
        "HTTP/2 and TLS are answered as what they are here: no HTTP",
        arguments: ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}"])
    func otherProtocols(_ bytes: String) async throws {
        let site = try TestSite()
        try await withHTTP(site) { server in
            let answer = try await exchange(server.port, bytes)
            #expect(answer.hasPrefix("HTTP/1.1 4"), "\(answer.prefix(40))")
        }
    }

    @Test("A download whose connection is cut goes on with curl where it stopped")
    func cutConnection() async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(32 << 20)
        try site.publish(1, bytes, role: "root")
        try await withHTTP(site) { server in
            let path = "/blobs/sha256/\(TestSite.digest(1).hexadecimal)"
            let partial = site.folder.appending(path: "partial")
            let answer = try await exchangeThenReset(server.port, "GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n", enough: 2 << 20)
            let head = try #require(Array(answer.readableBytesView).firstRange(of: Array("\r\n\r\n".utf8)))
            let received = Array(answer.readableBytesView.dropFirst(head.upperBound))
            #expect(received.count >= 1 << 20 && received.count < bytes.count)
            try Data(received).write(to: partial)
            #expect(await site.event("root-aborted").attributes["bytes"] != nil)
            let url = "http://127.0.0.1:\(server.port)\(path)"
            let result = try await run("curl", ["-q", "-s", "--noproxy", "*", "-C", "-", "-o", partial.path, url], in: site.folder)
            #expect(result.status == 0)
            #expect([UInt8](try Data(contentsOf: partial)) == bytes)
            #expect(await site.event("root-sent").attributes["bytes"] == "\(bytes.count - received.count)")
        }
    }
}
