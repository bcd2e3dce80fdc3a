import FleetModel
import FoundationEssentials
import ImageStore
import Primitives

/// The steps between packages and blobs. Everything happens below `work`; nothing of that path may reach an image.
struct ImageParts: Sendable {
    let options: ImageBuildOptions
    let lock: PackageLock
    let toolbox: Toolbox
    let fetcher: PackageFetcher
    let work: String

    struct Kernel: Sendable {
        let release: String
        /// Path of the bzImage.
        let image: String
        let modules: KernelModules
        let rootModules: [KernelModules.Module]
        let initrdModules: [KernelModules.Module]
    }

    func unpack(_ role: PackageLock.Role, to name: String) async throws(ImageBuildError) -> String {
        let directory = "\(work)/\(name)"
        try Files.makeDirectory(directory)
        for package in lock.packages(role) { try await toolbox.run("dpkg-deb", ["-x", fetcher.path(of: package), directory]) }
        return directory
    }

    func unpackKernel() async throws(ImageBuildError) -> Kernel {
        let directory = try await unpack(.kernel, to: "kernel")
        let package = lock.packages(.kernel).first?.name ?? "?"
        let trees = (try? FileManager.default.contentsOfDirectory(atPath: "\(directory)/usr/lib/modules")) ?? []
        guard let release = trees.first, trees.count == 1 else {
            throw .kernelPackageMalformed(package: package, reason: "it has modules for \(trees.count) kernels")
        }
        let tree = "\(directory)/usr/lib/modules/\(release)"
        // Debian's place until 13, and after.
        guard let image = ["\(directory)/boot/vmlinuz-\(release)", "\(tree)/vmlinuz"].first(where: { Files.exists($0) }) else {
            throw .kernelPackageMalformed(package: package, reason: "it has no kernel \(release)")
        }
        if Files.tree(tree).contains(where: { $0.hasSuffix(".ko.xz") }) {
            try await toolbox.run("sh", ["-c", "find \"$1\" -name '*.ko.xz' -print0 | xargs -0 -r xz -d", "sh", tree])
        }
        let modules = try KernelModules(directory: tree, release: release)
        return Kernel(
            release: release, image: image, modules: modules,
            rootModules: modules.closure(ModuleList(text(PackageResources.modules_root_txt))),
            initrdModules: modules.closure(ModuleList(text(PackageResources.modules_initrd_txt))))
    }

    /// Fails when a kept module names firmware that is neither there nor left out on purpose.
    func selectFirmware(_ kernel: Kernel) async throws(ImageBuildError) -> FirmwareSelection {
        let directory = try await unpack(.firmware, to: "firmware-packages")
        // AMD's microcode package has the firmware of its memory encryption, too.
        _ = try await unpack(.microcode, to: "firmware-packages")
        var leftOut = FirmwareSelection.patterns(text(PackageResources.firmware_left_out_txt))
        // Virtual hosts have no device that loads firmware: their image has none, whatever the drivers name.
        if options.kernel == .cloud { leftOut.append("*") }
        let selection = FirmwareSelection(
            modules: kernel.rootModules + kernel.initrdModules, directory: "\(directory)/usr/lib/firmware", leftOut: leftOut)
        guard selection.missing.isEmpty else { throw .firmwareMissing(selection.missing) }
        return selection
    }

    /// A tar archive of the finished root.
    func bootstrapRoot(_ kernel: Kernel, firmware: FirmwareSelection, overlay: RootOverlay?) async throws(ImageBuildError) -> String {
        let repository = "\(work)/repository"
        try await LocalRepository.write(lock.packages(.root), suite: lock.suite, from: fetcher, to: repository)
        let stage = "\(work)/stage"
        try Files.makeDirectory("\(stage)/files")
        try kernel.modules.copy(kernel.rootModules, to: "\(stage)/modules/usr/lib/modules/\(kernel.release)")
        try copy(firmware.files, to: "\(stage)/firmware")
        try Files.write(kernel.release, to: "\(stage)/release")
        try Files.write(PackageResources.finish_root_sh, to: "\(stage)/finish-root.sh", mode: 0o755)
        for file in RootFiles.all + (options.breakGlassConsole ? RootFiles.breakGlass : []) {
            try place(file.content, at: file.path, below: "\(stage)/files", mode: file.isExecutable ? 0o755 : 0o644)
        }
        let contract = Array("\(BootImageDescription.currentContract)\n".utf8)
        try place(contract, at: "usr/lib/bennu/image-contract", below: "\(stage)/files", mode: 0o644)
        if let agent = options.agent { try Files.copy(agent, to: "\(stage)/files/usr/lib/bennu/bennu-agent", mode: 0o755) }
        try overlay?.copy(to: "\(stage)/files")

        let tar = "\(work)/root.tar"
        var arguments = ["--variant=essential", "--architectures=amd64", "--format=tar", "--skip=check/empty,cleanup"]
        // mmdebstrap installs nothing from the network here: the repository is the lock.
        for path in ["usr/share/doc/*", "usr/share/man/*", "usr/share/info/*", "usr/share/locale/*", "usr/share/lintian/*"] {
            arguments.append("--dpkgopt=path-exclude=/\(path)")
        }
        arguments += ["--aptopt=Acquire::Languages \"none\"", "--aptopt=APT::Install-Recommends \"false\""]
        arguments.append("--include=" + lock.packages(.root).map(\.name).joined(separator: ","))
        arguments.append("--customize-hook=sh '\(stage)/finish-root.sh' \"$1\" '\(stage)'")
        arguments += [lock.suite, tar, "deb [trusted=yes] copy://\(repository) ./"]
        try await toolbox.run("mmdebstrap", arguments)
        Files.remove(repository)
        let names = try await toolbox.run("tar", ["-tf", tar])
        try checkNothingOfOneHost(names.split(separator: "\n").map(String.init))
        return tar
    }

    /// Machine types that the finished root's QEMU has, aliases too, sorted.
    func machineTypes() throws(ImageBuildError) -> [String] {
        Self.machineTypes(inHelp: String(decoding: try Files.read("\(work)/stage/machine-types"), as: UTF8.self))
    }

    /// The first word of each line but the title: `pc-q35-10.0         Standard PC (Q35 + ICH9, 2009)`.
    static func machineTypes(inHelp text: String) -> [String] {
        text.split(separator: "\n").filter { !$0.hasSuffix(":") }.compactMap { $0.split(separator: " ").first.map(String.init) }.sorted()
    }

    private static let stateOfOneHost: Set<String> = [
        "etc/hostname", "etc/resolv.conf", "etc/apt/sources.list", "var/lib/dbus/machine-id", "var/lib/systemd/random-seed",
    ]

    /// Names that must not be in a root, whichever package or script made them.
    func checkNothingOfOneHost(_ names: [String]) throws(ImageBuildError) {
        for name in names {
            let path = name.hasPrefix("./") ? String(name.dropFirst(2)) : name
            let last = path.split(separator: "/").last ?? ""
            let isHostKey = last.hasPrefix("ssh_host_") && last.contains("_key")
            let isState = Self.stateOfOneHost.contains(path)
            if isHostKey || isState { throw .rootHoldsSecret(path: path) }
        }
    }

    func compressRoot(_ tar: String) async throws(ImageBuildError) -> String {
        let image = "\(work)/root.squashfs"
        let flags =
            "-tar -noappend -no-progress -quiet -no-recovery -comp zstd -Xcompression-level \(options.compressionLevel) -b 131072"
            + " -root-mode 755 -root-uid 0 -root-gid 0"
        try await toolbox.run("sh", ["-c", "exec mksquashfs - \"$2\" \(flags) < \"$1\"", "sh", tar, image])
        Files.remove(tar)
        return image
    }

    /// Boot files by title.
    func unpackBootFiles() async throws(ImageBuildError) -> [(title: String, path: String)] {
        let directory = try await unpack(.bootFiles, to: "boot-files")
        let script = "\(directory)/\(LoaderScript.title)"
        try Files.write(Array(LoaderScript.text.utf8), to: script, mode: 0o644)
        let programs = StandardPackages.bootFilePaths.map { (title: $0.key, path: "\(directory)/\($0.value)") }
        return (programs + [(title: LoaderScript.title, path: script)]).sorted { $0.title < $1.title }
    }

    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    private func place(_ content: [UInt8], at path: String, below directory: String, mode: UInt32) throws(ImageBuildError) {
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        try Files.makeDirectory("\(directory)/\(parent)")
        try Files.write(content, to: "\(directory)/\(path)", mode: mode)
    }

    private func copy(_ firmware: [String], to target: String) throws(ImageBuildError) {
        for path in firmware {
            let parent = path.split(separator: "/").dropLast().joined(separator: "/")
            try Files.makeDirectory("\(target)/\(parent)")
            try Files.copy("\(work)/firmware-packages/usr/lib/firmware/\(path)", to: "\(target)/\(path)")
        }
    }
}
