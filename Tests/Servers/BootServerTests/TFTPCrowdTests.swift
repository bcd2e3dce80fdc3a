import BootServer
import Fleet
import FleetModel
import Foundation
import NIOCore
import Primitives
import TFTPWire
import Testing

@Suite("Many at once, and clients of every kind")
struct TFTPCrowdTests {
    /// The program beside the test bundle, with what it printed by name.
    func fetches(_ server: Running, _ arguments: [String], in site: TestSite) async throws -> [String: Int] {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let program = URL(filePath: own).deletingLastPathComponent().appending(path: "TFTPFetches").path
        let (status, output) = try await run(
            program, ["server=127.0.0.1", "port=\(server.port)", "name=file", "file=\(site.folder.path)/blob-1"] + arguments,
            in: site.folder)
        let line = String(decoding: output, as: UTF8.self)
        #expect(status == 0, "\(line)")
        let words = line.split(whereSeparator: \.isWhitespace).map { $0.split(separator: "=") }.filter { $0.count == 2 }
        return Dictionary(words.map { (String($0[0]), Int(Double($0[1]) ?? 0)) }, uniquingKeysWith: { $1 })
    }

    @Test(
        "1,000 hosts fetch a file at once: each gets every byte, and none waits for the others",
        arguments: [(window: 1, size: 100_000), (window: 4, size: 400_000)])
    func thousand(_ row: (window: Int, size: Int)) async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(row.size), as: "file")
        try await withTFTP(site, TFTPLimits()) { server in
            let figures = try await fetches(server, ["clients=1000", "times=1", "block=1468", "window=\(row.window)"], in: site)
            #expect(figures["transfers"] == 1000)
            #expect(figures["bytes"] == 1000 * row.size)
            #expect(figures["wrong"] == 0)
            // When the first is done, which also began first, the one that has least has a quarter of what others have.
            #expect(figures["least", default: 0] >= 25)
        }
    }

    @Test("A host fetches again and again from the same port")
    func again() async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(3000), as: "file")
        try await withTFTP(site) { server in
            let figures = try await fetches(server, ["times=100", "block=1000"], in: site)
            #expect(figures["transfers"] == 100)
            // A busy computer may hold up one or another for a second; a server that takes the next request for the one before holds up all.
            #expect(figures["resent", default: 100] < 50)
        }
    }

    @Test("Block numbers wrap in large windows too")
    func rollover() async throws {
        let site = try TestSite()
        let size = 16 * 140_000 + 3
        try site.publish(1, TestSite.bytes(size), as: "file")
        try await withTFTP(site) { server in
            let figures = try await fetches(server, ["block=16", "window=64", "clients=3"], in: site)
            #expect(figures["bytes"] == 3 * size)
        }
    }

    @Test("Blocks are as large as the path takes", arguments: [65_464, 9000, 1468, 8])
    func blockSizes(_ size: Int) async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(300_000), as: "file")
        try await withTFTP(site) { server in
            _ = try await fetches(server, ["block=\(size)", "window=4"], in: site)
            // The loopback interface takes packets of 65,535 bytes.
            #expect(await site.event("loader-sent").attributes["block-size"] == "\(size)")
        }
    }
}
