import ArgumentParser
import HostContract
import OperatorClient
import OperatorTypes
import Primitives

struct ImageListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "Every image of the site.")
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await withProblems {
            let images = try await OperatorClient(socketPath: server.socketPath).get([ImageSummary].self, "/v1/images")
            guard server.output == .table else { return try Printer.json(images) }
            var table = TextTable("reference", "digest", "kernel", "download", "used by")
            for image in images {
                table.add(
                    image.references.isEmpty ? "-" : image.references.joined(separator: ","), image.digest.short, image.kernel,
                    Readable.bytes(image.downloadSize), image.usedBy.isEmpty ? "-" : image.usedBy.joined(separator: ","))
            }
            print(table.isEmpty ? "no image yet; make one with: bennu image build, then bennu image import" : table.render())
        }
    }
}

struct ImageShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "What an image is made of.")
    @OptionGroup var server: ServerOptions
    @Argument(help: "The image: name:tag, or its digest or the first digits of it.") var image: String

    func run() async throws {
        try await withProblems {
            let image = try await OperatorClient(socketPath: server.socketPath).get(ImageSummary.self, ImagePath.of(image))
            guard server.output == .table else { return try Printer.json(image) }
            print("digest      \(image.digest)\nreferences  \(image.references.joined(separator: ", "))\nkernel      \(image.kernel)")
            print("packages    \(image.packages)\ndownload    \(Readable.bytes(image.downloadSize))\n")
            var table = TextTable("blob", "size", "digest")
            for blob in image.blobs { table.add(blob.role, Readable.bytes(blob.size), blob.digest.description) }
            print(table.render())
        }
    }
}

enum ImagePath {
    static func of(_ image: String, _ rest: String = "") -> String {
        HostPath.of(image, rest).replacing("/v1/hosts/", with: "/v1/images/", maxReplacements: 1)
    }
}
