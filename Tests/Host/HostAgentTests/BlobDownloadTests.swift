import Crypto
import HostAgent
import HostContract
import NIOPosix
import Primitives
import Synchronization
import Testing

@Suite("A root image is fetched by its digest, and nothing else ever has its name")
struct BlobDownloadTests {
    static let path = "/run/bennu/image/root.img"
    static let blob = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * 31 >> 3) }

    static func digest(_ bytes: [UInt8]) throws -> Primitives.Digest {
        let digest = Primitives.Digest(bytes: Array(SHA256.hash(data: bytes)))
        return try #require(digest)
    }

    /// Serves the blob as the boot server does: all of it, or the rest from a byte.
    static func serve(_ blob: [UInt8], knowsRanges: Bool = true) async throws -> StandInServer {
        try await StandInServer { request in
            let from = request.range.flatMap { Int($0.dropFirst(6).prefix { $0 != "-" }) }
            guard knowsRanges, let from else { return .init(status: 200, body: blob) }
            return .init(status: 206, body: Array(blob.dropFirst(from)))
        }
    }

    private func fetch(_ host: TemporaryRoot, from server: StandInServer, attempts: Int = 1) async throws -> Int64 {
        let download = try BlobDownload(
            root: host.root, server: server.address, digest: Self.digest(Self.blob), size: Int64(Self.blob.count), boot: "b-x")
        return try await NIOThreadPool.singleton.runIfActive { try download.run(to: Self.path, attempts: attempts) }
    }

    @Test("it arrives whole, and is not fetched again when it is there")
    func whole() async throws {
        let host = try TemporaryRoot()
        let server = try await Self.serve(Self.blob)
        #expect(try await fetch(host, from: server) == Int64(Self.blob.count))
        #expect(try host.root.read(Self.path) == Self.blob)
        #expect(try await fetch(host, from: server) == 0)
        try await server.close()
    }

    @Test("what an earlier try left is gone on with, where the server knows ranges", arguments: [true, false])
    func resumes(knowsRanges: Bool) async throws {
        let host = try TemporaryRoot()
        try host.root.write(Self.path + ".partial", Array(Self.blob.prefix(100_000)))
        let server = try await Self.serve(Self.blob, knowsRanges: knowsRanges)
        #expect(try await fetch(host, from: server) == Int64(knowsRanges ? 200_000 : 300_000))
        #expect(try host.root.read(Self.path) == Self.blob)
        try await server.close()
    }

    @Test("a blob of another digest is refused, and leaves no file of that name")
    func foreign() async throws {
        let host = try TemporaryRoot()
        let server = try await Self.serve(Self.blob.reversed())
        let failure = await #expect(throws: HostFailure.self) { try await fetch(host, from: server) }
        #expect(failure?.kind == .foreign)
        #expect(!host.root.exists(Self.path))
        try await server.close()
    }

    @Test("a damaged file under the name is replaced")
    func damaged() async throws {
        let host = try TemporaryRoot()
        try host.put(Self.path, "not the blob")
        let server = try await Self.serve(Self.blob)
        _ = try await fetch(host, from: server)
        #expect(try host.root.read(Self.path) == Self.blob)
        try await server.close()
    }

    private final class Log: Sendable {
        private let numbers = Mutex<[Int]>([])
        var all: [Int] { numbers.withLock { $0 } }
        /// How many there are now.
        func add(_ number: Int) -> Int {
            numbers.withLock { numbers in
                numbers.append(number)
                return numbers.count
            }
        }
    }

    @Test("a server that lets others go first is asked again when it says, which is no failed attempt, and not for ever")
    func queued() async throws {
        let host = try TemporaryRoot()
        let slept = Log()
        func download(turn: Int, retryAfter: String = "7") async throws -> Int64 {
            let asked = Log()
            let server = try await StandInServer { _ in
                asked.add(1) < turn ? .init(status: 503, retryAfter: retryAfter) : .init(status: 200, body: Self.blob)
            }
            let download = try BlobDownload(
                root: host.root, server: server.address, digest: Self.digest(Self.blob), size: Int64(Self.blob.count), boot: "b-x",
                sleep: { _ = slept.add($0) })
            defer { Task { try await server.close() } }
            return try await NIOThreadPool.singleton.runIfActive { try download.run(to: Self.path, attempts: 1) }
        }
        #expect(try await download(turn: 4) == Int64(Self.blob.count))
        #expect(slept.all == [7, 7, 7])
        try host.root.remove(Self.path)
        // Two hours, ten minutes at a time.
        let failure = await #expect(throws: HostFailure.self) { try await download(turn: .max, retryAfter: "600") }
        #expect(failure?.reason.contains("two hours") == true)
        #expect(slept.all.dropFirst(3) == ArraySlice(repeating: 600, count: 12))
        // A pause that nobody can mean is an error like any other.
        let other = await #expect(throws: HostFailure.self) { try await download(turn: .max, retryAfter: "-1") }
        #expect(other?.reason.contains("503") == true)
    }

    @Test("a server that has no such blob is named with its answer")
    func missing() async throws {
        let host = try TemporaryRoot()
        let server = try await StandInServer { _ in .init(status: 404) }
        let failure = await #expect(throws: HostFailure.self) { try await fetch(host, from: server) }
        #expect(failure?.reason.contains("404") == true)
        try await server.close()
    }
}
