import BootServer
import Fleet
import Foundation
import Logging
import NIOCore
import NIOEmbedded
import Testing

@Suite("Fuzz inputs of the boot server over HTTP")
struct HTTPCorpusTests {
    private static func site() throws -> TestSite {
        let site = try TestSite()
        try site.publish(0, [], role: "seal")
        try site.publish(1, TestSite.bytes(5), as: "undionly.kpxe")
        try site.publish(2, TestSite.bytes(300_000), role: "root", as: "snponly.efi")
        let cut = try site.publish(3, TestSite.bytes(7))
        try Data(TestSite.bytes(3)).write(to: URL(filePath: cut.path))
        try FileManager.default.removeItem(atPath: try site.publish(4, TestSite.bytes(7)).path)
        return site
    }

    /// The statuses that answer `bytes`, which come in pieces of so many.
    private func statuses(_ bytes: [UInt8], inPiecesOf count: Int) throws -> [String] {
        let pipeline = BootHTTPPipeline(
            directory: try Self.site(), advertised: AdvertisedServers(configurationPort: 8081), limits: HTTPLimits(),
            counters: OutcomeCounters(label: "test"), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let channel = EmbeddedChannel()
        channel.localAddress = try SocketAddress(ipAddress: "10.0.0.1", port: 8080)
        try pipeline.install(in: channel)
        try channel.connect(to: SocketAddress(ipAddress: "10.0.0.9", port: 50_000)).wait()
        for start in stride(from: 0, to: bytes.count, by: count) where channel.isActive {
            _ = try? channel.writeInbound(ByteBuffer(bytes: bytes[start..<min(bytes.count, start + count)]))
        }
        var text = ""
        while let part = try channel.readOutbound(as: IOData.self) {
            if case .byteBuffer(let buffer) = part { text += String(buffer: buffer) }
        }
        _ = try? channel.finish(acceptAlreadyClosed: true)
        let answers = text.components(separatedBy: "HTTP/1.1 ").dropFirst()
        // A client reads no further. This channel takes what the pipeline writes after its end, too.
        let end = answers.firstIndex { $0.lowercased().contains("\r\nconnection: close\r\n") }.map { $0 + 1 } ?? answers.endIndex
        return answers[..<end].map { String($0.prefix(3)) }
    }

    @Test("each is answered as its name says, whole and byte by byte", arguments: [Int.max, 1])
    func corpus(piece: Int) throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../Fuzz/Corpus/http").standardized
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count >= 20)
        for file in files {
            let bytes = Array(try Data(contentsOf: file))
            let expected = file.lastPathComponent.split(separator: "-").prefix { Int($0) != nil }.map(String.init)
            let answered = try statuses(bytes, inPiecesOf: min(piece, bytes.count))
            #expect(answered == expected, "\(file.lastPathComponent)")
        }
    }
}
