import BootServer
import FleetModel
import NIOCore
import Primitives
import Testing

@Suite("Clients that all take bytes as fast as they are given")
struct FairShareTests {
    @Test(
        "are given pieces that shrink with their number, down to the smallest",
        arguments: [
            (0, 2 << 20), (1, 2 << 20), (8, 2 << 20), (16, 1 << 20), (64, 256 << 10), (128, 128 << 10), (512, 128 << 10), (100_000, 128 << 10),
        ]
            as [(Int, Int64)])
    func share(_ row: (clients: Int, bytes: Int64)) {
        #expect(HTTPLimits().share(among: row.clients) == row.bytes)
    }

    @Test("all have their file, whole, and in as many turns as it needs")
    func turns() async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(1_000_003)
        try site.publish(1, bytes, role: "root")
        var limits = HTTPLimits()
        (limits.smallestPiece, limits.largestPiece, limits.turn, limits.round) = (1000, 5000, 7000, 16_000)
        try await withHTTP(site, limits) { server in
            let request = "GET /blobs/sha256/\(TestSite.digest(1).hexadecimal) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        let answer = try await exchangeThenReset(server.port, request, enough: .max)
                        return answer.readableBytesView.suffix(bytes.count).elementsEqual(bytes)
                    }
                }
                for try await isWhole in group { #expect(isWhole) }
            }
            #expect(server.counters["sent"] == 24 && server.counters["transfer-aborted"] == 0)
        }
    }
}
