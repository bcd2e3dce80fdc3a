import ArgumentParser
import Foundation
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

struct ImageImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring an image into the site.",
        discussion: "The server reads the directory itself, checks every digest, and shows the image only when all of it is safe on its disk.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "A directory in OCI layout, as bennu image build makes it.") var directory: String
    @Option(name: .customLong("reference"), help: "A reference to set, as name:tag, instead of the layout's own; repeat it.")
    var references: [String] = []

    func run() async throws {
        try await withProblems {
            let path = URL(fileURLWithPath: directory).standardizedFileURL.path
            let image = try await OperatorClient(socketPath: server.socketPath)
                .send("POST", "/v1/images/import", body: ImageImport(path: path, references: references), answer: ImageSummary.self)
            if server.output == .json { return try Printer.json(image) }
            print("imported \(image.references.joined(separator: ", ")) (\(image.digest.short), \(Readable.bytes(image.downloadSize)) to download)")
        }
    }
}

struct ImageVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Read every byte of an image and compare its digests.", discussion: "Leaves with 2 when anything is wrong.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The image: name:tag, or its digest or the first digits of it.") var image: String

    func run() async throws {
        try await withProblems {
            let result = try await OperatorClient(socketPath: server.socketPath)
                .send("POST", ImagePath.of(image, "/verify"), body: [String: String](), answer: ImageVerification.self)
            if server.output == .json {
                try Printer.json(result)
            } else {
                for fault in result.faults { Printer.error("error: \(fault)") }
                if result.faults.isEmpty { print("\(result.digest.short): all \(result.blobs) blobs are as named") }
            }
            guard result.faults.isEmpty else { throw ExitStatus.unmet }
        }
    }
}

struct ImageTagCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Let a reference name an image; it may have named another before.",
        discussion: "Hosts assigned to the reference boot the new image at their next start.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The image: name:tag, or its digest or the first digits of it.") var image: String
    @Argument(help: "The reference, as name:tag.") var reference: String

    func run() async throws {
        try await withProblems {
            let image = try await OperatorClient(socketPath: server.socketPath)
                .send("POST", ImagePath.of(image, "/tag"), body: ImageTag(reference: reference), answer: ImageSummary.self)
            if server.output == .json { return try Printer.json(image) }
            print("\(reference) is now \(image.digest.short)")
        }
    }
}

struct ImageRemoveCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a reference, and the image when nothing else needs it.",
        discussion: "Refused while a host is assigned to it, runs it, or was last operational with it.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The image: name:tag, or its digest or the first digits of it.") var image: String

    func run() async throws {
        try await withProblems {
            try await OperatorClient(socketPath: server.socketPath).delete(ImagePath.of(image))
            print("removed \(image)")
        }
    }
}
