import BootPolicy
import BootServer
import Fleet
import FleetModel
import Foundation
import Primitives
import Testing

@Suite("A host that others go before")
struct QueueTests {
    static let place = QueuePlace(need: .root, seconds: 34, before: 12)
    let root = "/blobs/sha256/\(TestSite.digest(4).hexadecimal)"

    @Test("its iPXE says so on its screen, sleeps as long as it is told and asks again; its timeline is left alone")
    func script() async throws {
        let site = try TestSite()
        site.decide(BootDecision.queue(QueuePlace(need: .kernel, seconds: 34, before: 12), seconds: 7))
        try await withHTTP(site) { server in
            for _ in 0..<2 {
                let answer = try await curl(server, "/boot.ipxe?mac=52:54:00:12:34:56", in: site)
                #expect(answer.status == 200)
                #expect(answer.text.contains("echo Bennu: this host waits: queued\necho Bennu: others download; 34 s for its kernel, 12 before it\n"))
                #expect(answer.text.contains("\n:again\nsleep 7 ||\nchain --replace --autofree http://127.0.0.1:\(server.port)/boot.ipxe?mac="))
            }
            #expect(server.counters["queued"] == 2)
            #expect(site.events.isEmpty)
            #expect(site.sightings.first?.address == IPv4Address(127, 0, 0, 1))
        }
    }

    @Test("its root is answered with 503, Retry-After, and a status line that says the same; whole and in part")
    func queued() async throws {
        let site = try TestSite()
        try site.publish(4, TestSite.bytes(70_000), role: "root")
        site.decide(DownloadDecision.queue(Self.place, seconds: 7))
        try await withHTTP(site) { server in
            for arguments in [[], ["-r", "1000-"]] {
                let answer = try await curl(server, "\(root)?boot=\(TestSite.boot)", arguments, in: site)
                #expect(answer.status == 503)
                #expect(answer["retry-after"] == "7")
                #expect(answer.text.hasPrefix("queued: "))
            }
            let line = try await run("curl", ["-s", "-i", "http://127.0.0.1:\(server.port)\(root)?boot=\(TestSite.boot)"], in: site.folder).output
            #expect(String(decoding: line, as: UTF8.self).hasPrefix("HTTP/1.1 503 queued, 12 before you, ask again in 7 s\r\n"))
            #expect(server.counters["queued"] == 3)
            #expect(site.steps.isEmpty && site.events.isEmpty)
            #expect(site.asked == Array(repeating: IPv4Address(127, 0, 0, 1), count: 3))
        }
    }

    @Test("who has it whole, asks about it, or says no boot is not told to wait; nor are kernels, initrds and boot files")
    func others() async throws {
        let site = try TestSite()
        try site.publish(4, TestSite.bytes(70_000), role: "root")
        try site.publish(1, TestSite.bytes(70_000), role: "kernel")
        try site.publish(5, TestSite.bytes(70_000), role: "undionly.kpxe", as: "undionly.kpxe")
        site.decide(DownloadDecision.queue(Self.place, seconds: 7))
        try await withHTTP(site) { server in
            let kernel = "/blobs/sha256/\(TestSite.digest(1).hexadecimal)?boot=\(TestSite.boot)"
            let own = "\(root)?boot=\(TestSite.boot)"
            for (path, arguments, status) in [
                (own, ["-r", "70000-"], 416), (own, ["-I"], 200), (root, [], 200), (kernel, [], 200), ("/boot-files/undionly.kpxe", [], 200),
            ] {
                let answer = try await curl(server, path, arguments, in: site)
                #expect(answer.status == status)
            }
            #expect(server.counters["queued"] == 0)
        }
    }

    @Test("a download is told of from its beginning to its end: the last byte of the blob ends it, a part in the middle does not")
    func steps() async throws {
        let site = try TestSite()
        try site.publish(4, TestSite.bytes(3_000_000), role: "root")
        try await withHTTP(site) { server in
            let whole = try await curl(server, "\(root)?boot=\(TestSite.boot)", in: site)
            #expect(whole.status == 200)
            #expect(site.steps == [.began, .ended(isComplete: true)])
            #expect(try await curl(server, "\(root)?boot=\(TestSite.boot)", ["-r", "0-999"], in: site).status == 206)
            #expect(site.steps.dropFirst(2) == [.began, .ended(isComplete: false)])
            #expect(try await curl(server, "\(root)?boot=\(TestSite.boot)", ["-r", "1000-"], in: site).status == 206)
            #expect(site.steps.dropFirst(4) == [.began, .ended(isComplete: true)])
        }
    }

    @Test("a script that cannot be made holds up nobody")
    func noScript() async throws {
        let site = try TestSite()
        site.decide(
            .boot(
                BootPlan(
                    host: TestSite.host, boot: TestSite.boot, name: "h1", imageReference: "kvm:1", image: TestSite.digest(9),
                    kernel: TestSite.digest(1), initrds: [], root: nil, arguments: ["two words"])))
        try await withHTTP(site) { server in
            let answer = try await curl(server, "/boot.ipxe?mac=52:54:00:12:34:56", in: site)
            #expect(answer.text.contains("argument-unusable"))
            #expect(site.abandoned == [TestSite.boot])
        }
    }
}
