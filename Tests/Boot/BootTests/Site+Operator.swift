import FleetModel
import FoundationEssentials
import Glibc
import HostContract
import OperatorClient
import OperatorTypes
import Primitives
import VirtualRack

/// What an operator does, by the same interface as the command line.
extension Site {
    /// Applies documents and returns their revision.
    @discardableResult
    func apply(_ documents: String...) async throws -> UInt64 {
        let files = documents.enumerated().map { ApplyRequest.SourceText(path: "document-\($0.offset)", text: $0.element) }
        let result = try await client.post("/v1/documents", body: ApplyRequest(files: files, dryRun: false), answer: ApplyResult.self)
        guard result.mistakes.isEmpty else { throw Unmet("the documents have mistakes: \(result.mistakes)") }
        return result.revision
    }

    /// Imports the image under test. Its blobs are linked into the store first, so that a site costs no copy of a hundred megabytes.
    /// - Parameter byCopy: as an operator's import does it, which also reads and checks every byte.
    func importImage(byCopy: Bool = false) async throws {
        if !byCopy {
            let source = "\(BootEnvironment.image)/blobs/sha256"
            for name in try FileManager.default.contentsOfDirectory(atPath: source) {
                // Elsewhere than on one file system the import copies what is missing here.
                link("\(source)/\(name)", "\(data)/images/blobs/sha256/\(name)")
            }
        }
        _ = try await client.post(
            "/v1/images/import", body: ImageImport(path: BootEnvironment.image, references: ["kvm:latest"]), answer: ImageSummary.self)
    }

    /// What the command line prints.
    func command(_ arguments: String..., within limit: Duration = .seconds(60)) async throws -> String {
        try await rack.run(inNamespace: [try BootEnvironment.program] + arguments + ["--socket", socket], timeLimit: limit).checked()
    }

    func images() async throws -> [ImageSummary] { try await client.get([ImageSummary].self, "/v1/images") }

    func status() async throws -> ServerStatus { try await client.get(ServerStatus.self, "/v1/status") }

    @discardableResult
    func accept(_ host: String, as name: String) async throws -> HostDetail {
        try await client.post(
            "/v1/hosts/\(host)/accept", body: HostEdit(name: name, profiles: ["base", "operators"]), answer: HostDetail.self)
    }

    /// Makes a host of the rack known before it has ever been seen.
    func expect(_ host: String) async throws {
        try await apply(
            """
            apiVersion: bennu/v1
            kind: Host
            metadata:
              name: \(host)
            spec:
              hardwareAddresses: ["\(try hardwareAddress(of: host))"]
              profiles: [base, operators]
            """)
    }

    /// A host that asks for its script and loads nothing, again and again: it has a slot as long as nobody else wants one.
    func keepAsking(as hardwareAddress: String) async throws -> Task<Void, Never> {
        let server = try await status().bootServers.first.unwrapped("a boot server")
        let ask = ["curl", "-sSf", "-m", "30", "http://\(server.address):\(server.httpPort)/boot.ipxe?mac=\(hardwareAddress)"]
        let script = try await rack.run(inNamespace: ask).checked()
        guard script.contains("\nkernel ") else { throw Unmet("\(hardwareAddress) is told: \(script)") }
        return Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                _ = try? await rack.run(inNamespace: ask)
            }
        }
    }

    func hardwareAddress(of host: String) throws -> HardwareAddress {
        try rack.hosts().first { $0.host.name == host }.flatMap(\.host.hardwareAddresses.first).unwrapped("host \(host) in the rack")
    }
}
