import BootServer
import Fleet
import FleetModel
import Foundation
import Primitives
import Testing

@Suite struct BlobTests {
    let path = "/blobs/sha256/\(TestSite.digest(1).hexadecimal)"

    @Test("A blob arrives whole, once named in the timeline with its boot")
    func whole() async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(3_000_001)
        try site.publish(1, bytes)
        try await withHTTP(site) { server in
            let answer = try await curl(server, "\(path)?boot=\(TestSite.boot)", in: site)
            #expect(answer.status == 200)
            #expect(answer.body == bytes)
            #expect(answer.all("content-length") == ["3000001"])
            #expect(answer["etag"] == "\"\(TestSite.digest(1))\"")
            #expect(answer["accept-ranges"] == "bytes")
            #expect(answer["cache-control"]?.contains("immutable") == true)
            #expect(answer.headers.allSatisfy { !$0.value.isEmpty })
            let event = await site.event("kernel-sent")
            #expect(event.source == .http)
            #expect(event.boot == TestSite.boot)
            #expect(event.attributes["bytes"] == "3000001")
            #expect(event.attributes["milliseconds"].flatMap { Int($0) } != nil)
            #expect(event.attributes["range"] == nil)
            #expect(server.counters["sent"] == 1)
        }
    }

    @Test("HEAD says the size and sends nothing")
    func head() async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(70_000))
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, ["-I"], in: site)
            #expect(answer.status == 200)
            #expect(answer.all("content-length") == ["70000"])
            #expect(answer.body.isEmpty)
            #expect(site.events.isEmpty)
        }
    }

    @Test("An empty blob is a whole answer")
    func empty() async throws {
        let site = try TestSite()
        try site.publish(1, [])
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, in: site)
            #expect(answer.status == 200)
            #expect(answer["content-length"] == "0")
            #expect(try await curl(server, path, ["-r", "0-"], in: site).status == 416)
        }
    }

    @Test(
        "Ranges are answered as RFC 9110 says",
        arguments: [
            ("0-0", 206, "bytes 0-0/10000", 0..<1), ("9999-", 206, "bytes 9999-9999/10000", 9999..<10000),
            ("100-199", 206, "bytes 100-199/10000", 100..<200), ("-1", 206, "bytes 9999-9999/10000", 9999..<10000),
            ("-20000", 206, "bytes 0-9999/10000", 0..<10000), ("9990-20000", 206, "bytes 9990-9999/10000", 9990..<10000),
            ("0-99999999999999999999999", 206, "bytes 0-9999/10000", 0..<10000),
            ("0-1,5-6", 200, nil, 0..<10000), ("7-3", 200, nil, 0..<10000), ("x-3", 200, nil, 0..<10000), ("-", 200, nil, 0..<10000),
        ] as [(String, Int, String?, Range<Int>)])
    func ranges(_ row: (range: String, status: Int, contentRange: String?, bytes: Range<Int>)) async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(10_000)
        try site.publish(1, bytes)
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, ["-H", "Range: bytes=\(row.range)"], in: site)
            #expect(answer.status == row.status)
            #expect(answer["content-range"] == row.contentRange)
            #expect(answer.body == Array(bytes[row.bytes]))
            let event = await site.event("kernel-sent")
            #expect(event.attributes["range"] == row.contentRange.map { $0.dropFirst(6).prefix { $0 != "/" } }.map(String.init))
        }
    }

    @Test("A range beyond the end is refused with the size", arguments: ["10000-", "10000-10001", "-0", "99999999999999999999-"])
    func beyondEnd(_ range: String) async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(10_000))
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, ["-H", "Range: bytes=\(range)"], in: site)
            #expect(answer.status == 416)
            #expect(answer["content-range"] == "bytes */10000")
            #expect(answer.text.hasPrefix("range-beyond-end: "))
            #expect(server.counters["range-beyond-end"] == 1)
        }
    }

    @Test("A download that was cut off resumes where it stopped")
    func resume() async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(2_000_000)
        try site.publish(1, bytes)
        let partial = site.folder.appending(path: "partial")
        try Data(bytes[..<700_000]).write(to: partial)
        try await withHTTP(site) { server in
            let url = "http://127.0.0.1:\(server.port)\(path)"
            let result = try await run("curl", ["-q", "-s", "--noproxy", "*", "-C", "-", "-o", partial.path, url], in: site.folder)
            #expect(result.status == 0)
            #expect([UInt8](try Data(contentsOf: partial)) == bytes)
            #expect(await site.event("kernel-sent").attributes["bytes"] == "1300000")
        }
    }

    @Test("Conditions on the entity tag hold")
    func conditions() async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(1000))
        let tag = "\"\(TestSite.digest(1))\""
        try await withHTTP(site) { server in
            for known in [tag, "W/\(tag)", "*", "\"other\", \(tag)"] {
                let answer = try await curl(server, path, ["-H", "If-None-Match: \(known)"], in: site)
                #expect(answer.status == 304)
                #expect(answer["etag"] == tag)
                #expect(answer.body.isEmpty)
            }
            #expect(try await curl(server, path, ["-H", "If-None-Match: \"other\""], in: site).status == 200)
            #expect(try await curl(server, path, ["-H", "If-Range: \(tag)", "-r", "0-9"], in: site).status == 206)
            #expect(try await curl(server, path, ["-H", "If-Range: \"other\"", "-r", "0-9"], in: site).body.count == 1000)
            #expect(server.counters["not-modified"] == 4)
        }
    }

    @Test("A blob that is deleted while it is served stays readable; one that never opens is said to be")
    func deleted() async throws {
        let site = try TestSite()
        let blob = try site.publish(1, TestSite.bytes(1000))
        let gone = try site.publish(2, TestSite.bytes(10))
        try FileManager.default.removeItem(atPath: gone.path)
        try await withHTTP(site) { server in
            #expect(try await curl(server, path, in: site).status == 200)
            try FileManager.default.removeItem(atPath: blob.path)
            #expect(try await curl(server, path, in: site).body == TestSite.bytes(1000))
            let answer = try await curl(server, "/blobs/sha256/\(gone.digest.hexadecimal)", in: site)
            #expect(answer.status == 500)
            #expect(answer.text.hasPrefix("blob-unreadable: "))
            #expect(await site.event("blob-unreadable").attributes["digest"] == gone.digest.description)
        }
    }

    @Test("A blob whose file was cut is refused until the file is whole again")
    func cut() async throws {
        let site = try TestSite()
        let blob = try site.publish(1, TestSite.bytes(1000))
        try await withHTTP(site) { server in
            #expect(try await curl(server, path, in: site).status == 200)
            #expect(truncate(blob.path, 500) == 0)
            let answer = try await curl(server, path, in: site)
            #expect(answer.status == 500)
            #expect(answer.text.hasPrefix("blob-wrong-size: "))
            #expect(server.counters["blob-wrong-size"] == 1)
            try site.publish(1, TestSite.bytes(1000))
            #expect(try await curl(server, path, in: site).status == 200)
        }
    }

    @Test("A directory is no blob")
    func directory() async throws {
        let site = try TestSite()
        let blob = try site.publish(1, TestSite.bytes(4096))
        try FileManager.default.removeItem(atPath: blob.path)
        try FileManager.default.createDirectory(atPath: blob.path, withIntermediateDirectories: false)
        try await withHTTP(site) { server in
            let answer = try await curl(server, path, in: site)
            #expect(answer.text.hasPrefix("blob-unreadable: "))
        }
    }
}
