import ArgumentParser
import FleetModel
import Foundation
import HostContract
import ImageBuilder
import Primitives

struct ImageBuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Make a boot image from Debian's packages.",
        discussion: """
            Downloads Debian packages by this computer's own apt configuration (or --mirror), and makes of them kernel, initrd, root file system \
            and manifest: a directory in OCI layout. It needs root and no server; it changes nothing outside its directories.

            The same inputs give the same digest. Packages change with time; --lock builds from the versions of an earlier build:

              bennu image build --directory out/kvm --write-lock kvm.lock
              bennu image build --directory out/again --lock kvm.lock

            The generic kernel has drivers, firmware and microcode for physical servers; the cloud kernel is smaller, for virtual hosts only.
            """)

    @Option(help: "Where the image goes; other images that are there already stay.") var directory: String
    @Option(help: "The name that the image is to be known by.") var name = "kvm"
    @Option(help: "The tag that the image is to be known by.") var tag = "latest"
    @Option(help: "generic or cloud.") var kernel = "generic"
    @Option(name: .customLong("package"), help: "A Debian package to add; repeat it.") var packages: [String] = []
    @Option(help: "A source package to take from Debian's backports: linux for the kernel, qemu; repeat it.") var backports: [String] = []
    @Option(help: "A directory whose files are laid over the root file system.") var overlay: String?
    @Option(help: "The agent that the image carries. (default: bennu-agent beside this program)") var agent: String?
    @Option(help: "Build from the package versions in this file.") var lock: String?
    @Option(help: "Write the package versions of this build to a file.") var writeLock: String?
    @Option(help: "Base URL of a Debian archive. (default: this computer's)") var mirror: String?
    @Option(help: "Base URL of a Debian security archive. (default: this computer's; none with --mirror)") var securityMirror: String?
    @Option(help: "Where downloaded packages are kept for the next build.") var cache = "/var/cache/bennu/packages"
    @Option(help: "Where work in progress goes: some 3 GB.") var work = "/var/tmp"
    @Flag(help: "Put the root file system into the initrd: one file to boot from.") var embedRoot = false
    @Flag(help: "Keep the work in progress, for a look at what failed.") var keepWork = false
    @Option(help: "Compression of the root file system, 1 (fast) to 22 (small).") var compression = 15
    @Option(name: .shortAndLong, help: "How to print the result: table or json.") var output: OutputFormat = .table

    func run() async throws {
        guard let flavor = BootImageKernelFlavor(rawValue: kernel) else {
            throw ValidationError(
                "no kernel is called \"\(kernel)\"; choose from \(BootImageKernelFlavor.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        var options = ImageBuildOptions(name: name, tag: tag, kernel: flavor, output: directory, cache: cache, temporaryDirectory: work)
        options.backports = backports
        (options.packages, options.overlay, options.agent) = (packages, overlay, agent ?? Self.agentBesideProgram)
        (options.lock, options.writeLock, options.mirror, options.securityMirror) = (lock, writeLock, mirror, securityMirror)
        (options.embedRoot, options.keepsTemporaryFiles, options.compressionLevel) = (embedRoot, keepWork, compression)
        guard options.agent != nil else {
            throw ValidationError("no bennu-agent is beside this program; name one with --agent, since without it nobody configures the host")
        }
        let began = ContinuousClock.now
        do {
            let image = try await BootImageBuild.run(options) { step in
                let percent = Int(step.fraction * 100)
                Printer.error("\(percent < 10 ? "  " : percent < 100 ? " " : "")\(percent)%  \(step.step.rawValue): \(step.detail)")
            }
            if output == .json { return try Printer.json(Result(image, directory: directory)) }
            let seconds = (ContinuousClock.now - began).components.seconds
            print("built \(name):\(tag) (\(image.digest.short)) in \(directory), \(Readable.bytes(image.downloadSize)) to download, in \(seconds) s")
        } catch let error as ImageBuildError {
            Printer.error("error: \(error)")
            throw ExitStatus.failed
        }
    }

    private struct Result: Encodable {
        var digest: String
        var directory: String
        var downloadSize: Int64
        var kernel: String

        init(_ image: BootImage, directory: String) {
            (digest, self.directory) = (image.digest.description, directory)
            (downloadSize, kernel) = (image.downloadSize, image.description.kernel.release)
        }
    }

    private static var agentBesideProgram: String? {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let path = folder.appending(path: "bennu-agent").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }
}
