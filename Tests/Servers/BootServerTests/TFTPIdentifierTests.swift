import BootServer
import Fleet
import FleetModel
import Foundation
import NIOCore
import Primitives
import TFTPWire
import Testing

@Suite("A packet belongs to the transfer whose two identifiers it has")
struct TFTPIdentifierTests {
    static func request(_ name: String, _ options: [TFTPOption] = []) -> [UInt8] {
        TFTPPacket.readRequest(TFTPRequest(fileName: Array(name.utf8), options: options)).encode()
    }
    static func acknowledgement(_ block: UInt16) -> [UInt8] { TFTPPacket.acknowledgement(block: block).encode() }

    @Test("Transfers of one port at the same time have different sockets, and the ninth gets none")
    func sockets() async throws {
        let site = try TestSite()
        for index in 0..<9 { try site.publish(UInt8(index), TestSite.bytes(600 + index), as: "file-\(index)") }
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                var ports: Set<SocketAddress> = []
                for index in 0..<8 {
                    try await client.send(Self.request("file-\(index)"))
                    let answer = try await client.receive()
                    #expect(answer.bytes.prefix(4) == [0, 3, 0, 1])
                    ports.insert(answer.from)
                }
                #expect(ports.count == 8)
                try await client.send(Self.request("file-8"))
                #expect(try await client.receive().bytes == TFTPPacket.error(.undefined, message: "no-socket").encode())
                #expect(server.counters["no-socket"] == 1)
                for port in ports { try await client.send(TFTPPacket.error(.undefined, message: "enough").encode(), to: port) }
            }
        }
    }

    @Test("What comes late for a transfer that has ended is not answered; a stranger's ERROR neither")
    func late() async throws {
        let site = try TestSite()
        try site.publish(1, [1], as: "file")
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(Self.request("file"))
                let first = try await client.receive().from
                try await client.send(Self.acknowledgement(1), to: first)
                _ = await site.event("loader-sent")
                try await client.send(Self.acknowledgement(1), to: first)
                try await client.send(TFTPPacket.error(.undefined, message: "late").encode(), to: first)
                // The same file again, from the same port: nothing else was sent before its first block.
                try await client.send(Self.request("file"))
                let second = try await client.receive()
                #expect(second.bytes == [0, 3, 0, 1, 1])
                #expect(second.from != first)
                try await client.send(Self.acknowledgement(1), to: second.from)
                try await withDatagrams(server.port) { stranger in
                    try await stranger.send(TFTPPacket.error(.unknownTransferID, message: "").encode(), to: first)
                    try await stranger.send(Self.acknowledgement(7), to: first)
                    #expect(try await stranger.receive().bytes.prefix(4) == [0, 5, 0, 5])
                    #expect(server.counters["unknown-transfer-id"] == 2)
                }
            }
        }
    }

    @Test("Only so many transfers that have ended are remembered")
    func crowd() async throws {
        let site = try TestSite()
        try site.publish(1, [1], as: "file")
        var limits = patient
        limits.transfers = 1
        try await withTFTP(site, limits) { server in
            for index in 0..<6 {
                try await withDatagrams(server.port) { client in
                    // The one before has ended when this one is admitted.
                    var first = (from: client.server, bytes: [UInt8]())
                    repeat {
                        try await client.send(Self.request("file"))
                        first = try await client.receive()
                    } while first.bytes.prefix(2) == [0, 5]
                    try await client.send(Self.acknowledgement(1), to: first.from)
                    guard index == 5 else { return }
                    try await client.send(Self.acknowledgement(1), to: first.from)
                    #expect(try await client.receive().bytes.prefix(4) == [0, 5, 0, 5])
                }
            }
        }
    }

    @Test("On a single port everything comes from the port that was asked, and a new request ends the one before")
    func singlePort() async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(600), as: "file")
        try site.publish(2, [2], as: "other")
        try await withTFTP(site, singlePort: true) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(Self.request("file", [TFTPOption("tsize", "0")]))
                let options = TFTPPacket.optionAcknowledgement([TFTPOption("tsize", "600")]).encode()
                var answer = try await client.receive()
                #expect(answer.from == client.server)
                #expect(answer.bytes == options)
                // A ROM that asked for the size only, and says nothing about it.
                try await client.send(Self.request("file"))
                answer = try await client.receive()
                #expect(answer.from == client.server)
                #expect(answer.bytes.prefix(4) == [0, 3, 0, 1])
                try await client.send(Self.acknowledgement(1))
                answer = try await client.receive()
                #expect(answer.bytes.count == 4 + 88)
                try await client.send(Self.acknowledgement(2))
                _ = await site.event("loader-sent")
                try await client.send(Self.acknowledgement(2))
                try await client.send(Self.request("other"))
                #expect(try await client.receive().bytes == [0, 3, 0, 1, 2])
                try await client.send(Self.acknowledgement(1))
                try await withDatagrams(server.port) { stranger in
                    try await stranger.send(Self.acknowledgement(1))
                    try await stranger.send(Self.request("none"))
                    #expect(try await stranger.receive().bytes == TFTPPacket.error(.fileNotFound, message: "not-published").encode())
                }
                #expect(server.counters["size-asked"] == 1)
                #expect(server.counters["unexpected-packet"] == 1)
            }
        }
    }

    @Test("Clients that we did not write fetch on a single port as well", arguments: [[], ["windowsize 16", "blksize 1428"]])
    func singlePortClients(_ options: [String]) async throws {
        let site = try TestSite()
        let bytes = TestSite.bytes(70_001)
        try site.publish(1, bytes, as: "file")
        try await withTFTP(site, singlePort: true) { server in
            let arguments = options.flatMap { ["--option", $0] } + ["-g", "-r", "file", "-l", "local", "127.0.0.1", "\(server.port)"]
            let (status, _) = try await run("atftp", arguments, in: site.folder)
            #expect(status == 0)
            let received = try Data(contentsOf: site.folder.appending(path: "local"))
            #expect(received == Data(bytes))
        }
    }
}
