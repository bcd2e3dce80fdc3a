package import FleetModel
import FoundationEssentials
import Glibc
import ImageStore
import Primitives

/// Builds a boot image from Debian packages: kernel, initrd and root, described by an OCI-shaped manifest.
package struct BootImageBuild: Sendable {
    let options: ImageBuildOptions
    let report: @Sendable (ImageBuildProgress) -> Void

    /// Builds, adds the image to the layout at `options.output` and returns it. Takes minutes; `progress` is told each step.
    package static func run(
        _ options: ImageBuildOptions, progress: @escaping @Sendable (ImageBuildProgress) -> Void
    ) async throws(ImageBuildError) -> BootImage {
        let workingDirectory = FileManager.default.currentDirectoryPath
        return try await BootImageBuild(options: options.absolute(in: workingDirectory), report: progress).build()
    }

    private func build() async throws(ImageBuildError) -> BootImage {
        say(.prepare, "checking tools and options")
        try Toolbox.checkTools()
        try checkOptions()
        let work = try makeWorkDirectory()
        defer { if !options.keepsTemporaryFiles { Files.remove(work) } }
        var toolbox = Toolbox(log: "\(work)/log", temporaryDirectory: work)
        toolbox.launcher = options.launcher
        let overlay: RootOverlay?
        if let directory = options.overlay { overlay = try RootOverlay(directory: directory) } else { overlay = nil }

        let mirror = try await self.mirror(toolbox)
        let lock = try await self.lock(toolbox, mirror: mirror, work: work)
        if let path = options.writeLock { try Files.write(lock.encoded(), to: path) }
        toolbox.sourceDateEpoch = lock.sourceDateEpoch
        let fetcher = PackageFetcher(toolbox: toolbox, mirror: mirror, cache: options.cache)
        try await fetcher.fetch(lock.packages) { say(.download, $0) }

        let parts = ImageParts(options: options, lock: lock, toolbox: toolbox, fetcher: fetcher, work: work)
        say(.kernel, "unpacking \(lock.packages(.kernel).first?.name ?? "the kernel")")
        let kernel = try await parts.unpackKernel()
        say(.firmware, "\(kernel.rootModules.count) modules for the root, \(kernel.initrdModules.count) for the initrd")
        let firmware = try await parts.selectFirmware(kernel)
        say(.bootstrap, "installing \(lock.packages(.root).count) packages, \(firmware.files.count) firmware files")
        let tar = try await parts.bootstrapRoot(kernel, firmware: firmware, overlay: overlay)
        say(.root, "compressing the root")
        let root = try await parts.compressRoot(tar)
        let rootDigest = try Files.digest(root).digest
        say(.initrd, "writing the initrd for root \(rootDigest.short)")
        let initrd = try await parts.writeInitrd(kernel, firmware: firmware, root: root, rootDigest: rootDigest)
        let bootFiles = try await parts.unpackBootFiles()

        say(.layout, "writing \(options.output)")
        let description = BootImageDescription(
            imageContract: BootImageDescription.currentContract, architecture: "amd64",
            kernel: .init(release: kernel.release, flavor: options.kernel), rootDigest: rootDigest, embedsRoot: options.embedRoot,
            packages: lock.packages.map { .init(name: $0.name, version: $0.version, architecture: $0.architecture) }
                .sorted { ($0.name, $0.version) < ($1.name, $1.version) },
            machineTypes: try parts.machineTypes(),
            inputs: .init(
                suite: lock.suite, sourceDateEpoch: lock.sourceDateEpoch, lock: lock.digest,
                agent: try options.agent.map { path throws(ImageBuildError) in try Files.digest(path).digest },
                overlay: overlay?.digest, extraPackages: lock.extraPackages, tools: try await toolVersions(toolbox)))
        var writer = try LayoutWriter(directory: options.output)
        let image = try writer.add(description, kernel: kernel.image, initrd: initrd, root: root, bootFiles: bootFiles)
        try writer.finish(image, reference: "\(options.name):\(options.tag)")
        say(.done, "\(options.name):\(options.tag) is \(image.digest)")
        return image
    }

    func say(_ step: ImageBuildProgress.Step, _ detail: String) { report(ImageBuildProgress(step: step, detail: detail)) }

    private func checkOptions() throws(ImageBuildError) {
        guard ImageReference(name: options.name, tag: options.tag) != nil else {
            throw .invalidOption(
                name: "--name and --tag", value: "\(options.name):\(options.tag)", reason: "expected \(ImageReference.expectation)")
        }
        // Package names end up on command lines.
        for package in options.packages where !Self.isWord(package.filter { $0 != "+" && $0 != ":" }) {
            throw .invalidOption(name: "--package", value: package, reason: "it is no name of a Debian package")
        }
        for source in options.backports where !Self.isWord(source.filter { $0 != "+" }) {
            throw .invalidOption(name: "--backports", value: source, reason: "it is no name of a Debian source package")
        }
        guard (1...22).contains(options.compressionLevel) else {
            throw .invalidOption(name: "compression level", value: "\(options.compressionLevel)", reason: "zstd has 1 to 22")
        }
        if let agent = options.agent, !(try Files.read(agent)).starts(with: [0x7f, 0x45, 0x4c, 0x46]) {
            throw .invalidOption(name: "--agent", value: agent, reason: "it is no ELF program")
        }
    }

    /// Letters, digits, dot, dash and underscore, not starting like an option.
    static func isWord(_ text: String) -> Bool {
        guard let first = text.utf8.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "."), text.utf8.count <= 128 else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private func makeWorkDirectory() throws(ImageBuildError) -> String {
        try Files.makeDirectory(options.temporaryDirectory)
        var template = Array("\(options.temporaryDirectory)/bennu-image-XXXXXX".utf8CString)
        guard let path = mkdtemp(&template) else {
            throw .file(FileProblem(path: options.temporaryDirectory, call: "create a directory in", errorNumber: errno))
        }
        let directory = String(cString: path)
        chmod(directory, 0o755)
        return directory
    }

    private func mirror(_ toolbox: Toolbox) async throws(ImageBuildError) -> PackageMirror? {
        if let url = options.mirror { return PackageMirror(debian: url, security: options.securityMirror) }
        let targets = try await toolbox.run("apt-get", ["indextargets", "--format", PackageMirror.indexTargetsFormat])
        return PackageMirror(indexTargets: targets) ?? PackageMirror(sourcesLists: Self.sourcesLists())
    }

    static func sourcesLists() -> [String] {
        let parts = "/etc/apt/sources.list.d"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: parts)) ?? []).sorted()
        let paths = ["/etc/apt/sources.list"] + names.filter { $0.hasSuffix(".list") || $0.hasSuffix(".sources") }.map { "\(parts)/\($0)" }
        return paths.compactMap { FileManager.default.contents(atPath: $0).map { String(decoding: $0, as: UTF8.self) } }
    }

    private func lock(_ toolbox: Toolbox, mirror: PackageMirror?, work: String) async throws(ImageBuildError) -> PackageLock {
        if let path = options.lock {
            let lock = try PackageLock(path: path)
            guard lock.kernel == options.kernel.rawValue else {
                throw .lockMismatch(path: path, reason: "it has the \(lock.kernel) kernel")
            }
            let backported = lock.backported ?? []
            guard backported == options.backports.sorted() else {
                throw .lockMismatch(
                    path: path, reason: "it has \(backported.isEmpty ? "nothing" : backported.joined(separator: " ")) of the backports")
            }
            guard Set(options.packages).isSubset(of: lock.extraPackages) || options.packages.isEmpty else {
                throw .lockMismatch(path: path, reason: "it lacks some of \(options.packages.joined(separator: " "))")
            }
            say(.resolve, "\(lock.packages.count) packages from the lock")
            return lock
        }
        guard let mirror else { throw .noMirror }
        say(.resolve, "asking the archive for \(StandardPackages.suite)")
        var resolver = PackageResolver(
            toolbox: toolbox, mirror: mirror, directory: "\(work)/apt", suite: StandardPackages.suite, backports: options.backports)
        try Files.makeDirectory("\(work)/apt")
        try await resolver.update()
        return try await resolver.lock(kernel: options.kernel, extraPackages: options.packages)
    }

    private func toolVersions(_ toolbox: Toolbox) async throws(ImageBuildError) -> [String: String] {
        var versions: [String: String] = [:]
        for (program, flag) in [("mmdebstrap", "--version"), ("mksquashfs", "-version"), ("zstd", "--version")] {
            // mksquashfs ends with 1 after it has said its version.
            let printed = try await toolbox.run("sh", ["-c", "\"$1\" \"$2\" || true", "sh", program, flag])
            versions[program] = printed.split(separator: "\n").first.map(String.init)
        }
        return versions
    }
}
