import BootServer
import Fleet
import FleetModel
import Foundation
import NIOCore
import Primitives
import TFTPWire
import Testing

@Suite struct TFTPTransferTests {
    func get(_ server: Running, _ name: String, _ options: [String], in site: TestSite) async throws -> [UInt8]? {
        let local = "local-\(UUID().uuidString)"
        let arguments = options.flatMap { ["--option", $0] } + ["-g", "-r", name, "-l", local, "127.0.0.1", "\(server.port)"]
        let (status, _) = try await run("atftp", arguments, in: site.folder)
        let file = site.folder.appending(path: local)
        return status == 0 ? [UInt8](try Data(contentsOf: file)) : nil
    }

    @Test(
        "atftp receives every byte under every combination of options",
        arguments: [
            ([], 512, 1), (["blksize 1428"], 1428, 1), (["blksize 1428", "windowsize 8", "tsize"], 1428, 8),
            (["blksize 8192", "timeout 2"], 8192, 1), (["blksize 8", "windowsize 64"], 8, 64),
        ] as [([String], Int, Int)])
    func options(_ row: (options: [String], blockSize: Int, windowSize: Int)) async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(70_001)
        try site.publish(1, bytes, role: "loader", as: "undionly.kpxe")
        try await withTFTP(site) { server in
            let received = try await get(server, "undionly.kpxe", row.options, in: site)
            #expect(received == bytes)
            let event = await site.event("loader-sent")
            #expect(event.source == .tftp)
            #expect(event.attributes["name"] == "undionly.kpxe")
            #expect(event.attributes["bytes"] == "70001")
            #expect(event.attributes["block-size"] == "\(row.blockSize)")
            #expect(event.attributes["window-size"] == "\(row.windowSize)")
            #expect(event.attributes["address"] == "127.0.0.1")
        }
    }

    @Test("Sizes around whole blocks arrive exactly", arguments: [0, 1, 511, 512, 513, 1024])
    func sizes(_ count: Int) async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(count)
        try site.publish(1, bytes, as: "file")
        try await withTFTP(site) { server in
            let received = try await get(server, "file", [], in: site)
            #expect(received == bytes)
        }
    }

    @Test("Block numbers wrap from 65535 to 0")
    func rollover() async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(8 * 65_600 + 3)
        try site.publish(1, bytes, as: "long")
        try await withTFTP(site) { server in
            let received = try await get(server, "long", ["blksize 8", "windowsize 64"], in: site)
            #expect(received == bytes)
        }
    }

    @Test(
        "curl receives a file by tftp, and names are made plain",
        arguments: ["/efi/snponly.efi", "//efi/./snponly.efi", "/efi\\snponly.efi"])
    func names(_ path: String) async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(285_000)
        try site.publish(1, bytes, as: "efi/snponly.efi")
        try await withTFTP(site) { server in
            let url = "tftp://127.0.0.1:\(server.port)/\(path)"
            let (status, output) = try await run("curl", ["-q", "-s", "--path-as-is", "--tftp-blksize", "1428", url], in: site.folder)
            #expect(status == 0)
            #expect(output == bytes)
        }
    }

    @Test("netascii sends lines the way the RFC has them")
    func netascii() async throws {
        let site = try TestSite()
        try site.publish(1, Array("a\nb\r".utf8), as: "text")
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(TFTPPacket.readRequest(.init(fileName: Array("text".utf8), mode: .netascii)).encode())
                let (from, bytes) = try await client.receive()
                #expect(bytes == [0, 3, 0, 1] + Array("a\r\nb\r\0".utf8))
                try await client.send(TFTPPacket.acknowledgement(block: 1).encode(), to: from)
                _ = await site.event("loader-sent")
            }
        }
    }

    @Test("The answer to a request behind 0.0.0.0 comes from the address that was asked")
    func wildcard() async throws {
        let site = try TestSite()
        try site.publish(1, [1], as: "file")
        try await withTFTP(site, address: .any) { server in
            try await withDatagrams(server.port) { client in
                let asked = try SocketAddress(ipAddress: "127.0.0.5", port: server.port)
                try await client.send(TFTPPacket.readRequest(.init(fileName: Array("file".utf8))).encode(), to: asked)
                #expect(try await client.receive().from.ipAddress == "127.0.0.5")
            }
        }
    }

    @Test("The same request from the same port is the same transfer, and a stranger's packet does not disturb it")
    func duplicates() async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(600), as: "file")
        let request = TFTPPacket.readRequest(.init(fileName: Array("file".utf8))).encode()
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(request)
                let (from, first) = try await client.receive()
                #expect(first.prefix(4) == [0, 3, 0, 1])
                try await client.send(request)
                try await withDatagrams(server.port) { stranger in
                    try await stranger.send(TFTPPacket.acknowledgement(block: 1).encode(), to: from)
                    #expect(try await stranger.receive().bytes.prefix(4) == [0, 5, 0, 5])
                }
                try await client.send(TFTPPacket.acknowledgement(block: 1).encode(), to: from)
                // A busy computer may have repeated the first block meanwhile, as it should; nothing but it may come before the second.
                var second = try await client.receive()
                while second.bytes.prefix(4) == [0, 3, 0, 1] { second = try await client.receive() }
                #expect(second.from == from)
                #expect(second.bytes.prefix(4) == [0, 3, 0, 2])
                try await client.send(TFTPPacket.acknowledgement(block: 2).encode(), to: from)
                _ = await site.event("loader-sent")
                #expect(server.counters["duplicate-request"] == 1)
                #expect(server.counters["unknown-transfer-id"] == 1)
                #expect(site.events.count == 1)
            }
        }
    }

    @Test("A file that is cut during the transfer ends it by name, and is served again when it has been put right")
    func cut() async throws {
        let site = try TestSite()
        let blob = try site.publish(1, TestSite.bytes(2000), as: "file")
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(TFTPPacket.readRequest(.init(fileName: Array("file".utf8))).encode())
                let from = try await client.receive().from
                #expect(truncate(blob.path, 600) == 0)
                try await client.send(TFTPPacket.acknowledgement(block: 1).encode(), to: from)
                #expect(try await client.receive().bytes == TFTPPacket.error(.undefined, message: "file-changed").encode())
                #expect(await site.event("loader-aborted").attributes["reason"] == "file-changed")
                try Data(TestSite.bytes(2000)).write(to: URL(filePath: blob.path + ".new"))
                #expect(rename(blob.path + ".new", blob.path) == 0)
                try await client.send(TFTPPacket.readRequest(.init(fileName: Array("file".utf8))).encode())
                #expect(try await client.receive().bytes == [0, 3, 0, 1] + TestSite.bytes(512))
            }
        }
    }
}
