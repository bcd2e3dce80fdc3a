import BootServer
import Fleet
import FleetModel
import Foundation
import NIOCore
import TFTPWire
import Testing

@Suite struct TFTPRefusalTests {
    static func request(_ name: String, mode: String = "octet", _ options: [TFTPOption] = []) -> TFTPPacket {
        .readRequest(TFTPRequest(fileName: Array(name.utf8), mode: .init(rawValue: mode), options: options))
    }

    @Test(
        "Requests that are not served are answered, counted and recorded by name",
        arguments: [
            (request("autoexec.ipxe"), 1, "not-published"), (request("../etc/passwd"), 2, "bad-path"),
            (request("/a/../../b"), 2, "bad-path"),
            (request("..\\..\\b"), 2, "bad-path"), (request(""), 2, "bad-path"), (request("a\nb"), 2, "bad-path"),
            (request("file", mode: "mail"), 4, "unknown-mode"), (request("gone"), 0, "file-unreadable"),
            (request("cut"), 0, "file-wrong-size"), (request("large", mode: "netascii"), 0, "too-large-for-netascii"),
            (.writeRequest(TFTPRequest(fileName: Array("file".utf8))), 2, "write-refused"),
        ] as [(TFTPPacket, UInt16, String)])
    func refusals(_ row: (packet: TFTPPacket, code: UInt16, name: String)) async throws {
        let site = try TestSite()
        try site.publish(1, [1, 2, 3], as: "file")
        try FileManager.default.removeItem(atPath: try site.publish(2, [1], as: "gone").path)
        #expect(truncate(try site.publish(3, [1, 2], as: "cut").path, 1) == 0)
        try site.publish(4, [UInt8](repeating: 10, count: 5 << 20), as: "large")
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(row.packet.encode())
                let answer = try await client.receive().bytes
                #expect(answer == TFTPPacket.error(TFTPErrorCode(rawValue: row.code), message: row.name).encode())
                #expect(server.counters[row.name] == 1)
                let event = await site.event(row.name)
                #expect(event.attributes["address"] == "127.0.0.1")
                #expect(event.attributes["name"]?.utf8.allSatisfy { (32...126).contains($0) } == true)
            }
        }
    }

    @Test("Noise is counted and never answered")
    func noise() async throws {
        let site = try TestSite()
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send([])
                try await client.send([0, 1, 65])
                try await client.send([9, 9])
                try await client.send(TFTPPacket.acknowledgement(block: 1).encode())
                try await client.send(TFTPPacket.error(.undefined, message: "x").encode())
                // Answers come in the order of the packets, so this one was the first answer.
                try await client.send(Self.request("none").encode())
                #expect(try await client.receive().bytes == TFTPPacket.error(.fileNotFound, message: "not-published").encode())
                #expect(server.counters["malformed-packet"] == 3)
                #expect(server.counters["unexpected-packet"] == 2)
            }
        }
    }

    @Test("A ROM that takes the END option for a part of the name gets its file")
    func trailingEndOption() async throws {
        let site = try TestSite()
        try site.publish(1, [1], as: "file")
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(TFTPPacket.readRequest(TFTPRequest(fileName: Array("file".utf8) + [0xff])).encode())
                #expect(try await client.receive().bytes == [0, 3, 0, 1, 1])
            }
        }
    }

    @Test(
        "More transfers than allowed are refused, in all and by client",
        arguments: [(0, 16, "too-many-transfers"), (16, 1, "too-many-from-client")])
    func tooMany(_ row: (all: Int, each: Int, name: String)) async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(600), as: "file")
        var limits = patient
        (limits.transfers, limits.transfersPerClient) = (row.all, row.each)
        try await withTFTP(site, limits) { server in
            try await withDatagrams(server.port) { first in
                try await first.send(Self.request("file").encode())
                let answer = try await first.receive()
                try await withDatagrams(server.port) { second in
                    try await second.send(Self.request("file").encode())
                    #expect(try await second.receive().bytes == TFTPPacket.error(.undefined, message: row.name).encode())
                }
                #expect((server.counters[row.name] > 0) && (answer.bytes[1] == (row.all == 0 ? 5 : 3)))
                try await first.send(TFTPPacket.error(.undefined, message: "enough").encode(), to: answer.from)
            }
        }
    }

    @Test("A client that falls silent is given up in time")
    func silent() async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(2000), as: "file")
        var limits = TFTPLimits()
        limits.transfer.patience = .milliseconds(60)
        (limits.transfer.timeout, limits.transfer.minimumTimeout) = (.milliseconds(20), .milliseconds(20))
        try await withTFTP(site, limits) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(Self.request("file").encode())
                let first = try await client.receive()
                #expect(try await client.receive().bytes == first.bytes)
                #expect(try await client.receive().bytes == first.bytes)
                let event = await site.event("loader-aborted")
                #expect(event.attributes["reason"] == "no-answer")
                #expect(event.attributes["bytes"] == "0")
            }
        }
    }

    @Test("A ROM that starts the program without acknowledging its last block has it all the same")
    func lastBlock() async throws {
        let site = try TestSite()
        try site.publish(1, [1], as: "file")
        var limits = TFTPLimits()
        limits.transfer.patience = .milliseconds(20)
        (limits.transfer.timeout, limits.transfer.minimumTimeout) = (.milliseconds(20), .milliseconds(20))
        try await withTFTP(site, limits) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(Self.request("file").encode())
                #expect(await site.event("loader-sent").attributes["acknowledged"] == "no")
            }
        }
    }

    @Test("Firmware that only asks for the size leaves no trace of a failure")
    func sizeOnly() async throws {
        let site = try TestSite()
        try site.publish(1, TestSite.bytes(70_000), as: "file")
        try await withTFTP(site) { server in
            try await withDatagrams(server.port) { client in
                try await client.send(Self.request("file", [TFTPOption("tsize", "0"), TFTPOption("blksize", "1468")]).encode())
                let (from, bytes) = try await client.receive()
                let expected = TFTPPacket.optionAcknowledgement([TFTPOption("tsize", "70000"), TFTPOption("blksize", "1468")])
                #expect(bytes == expected.encode())
                try await client.send(TFTPPacket.error(.optionsRefused, message: "aborted").encode(), to: from)
                // The file itself from the same port, before or after the server knows that the first transfer is over.
                try await client.send(Self.request("file", [TFTPOption("blksize", "1468")]).encode())
                let second = try await client.receive()
                #expect(second.from != from)
                #expect(second.bytes == TFTPPacket.optionAcknowledgement([TFTPOption("blksize", "1468")]).encode())
                try await client.send(TFTPPacket.acknowledgement(block: 0).encode(), to: second.from)
                #expect(try await client.receive().bytes.prefix(4) == [0, 3, 0, 1])
                try await client.send(TFTPPacket.error(.undefined, message: "enough").encode(), to: second.from)
                #expect(await site.event("loader-aborted").attributes["reason"] == "abandoned-by-client")
                #expect(server.counters["size-asked"] == 1)
                #expect(site.events.map(\.name) == ["loader-aborted"])
            }
        }
    }
}
