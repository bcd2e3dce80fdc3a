import FleetModel
import FoundationEssentials
import ImageStore
import Primitives

extension ImageParts {
    /// Microcode first and uncompressed, as the kernel looks for it before it can decompress anything; then the initrd itself; then,
    /// where it was asked for, the root. Each part starts on a boundary of four bytes: else the kernel drops it silently.
    func writeInitrd(
        _ kernel: Kernel, firmware: FirmwareSelection, root: String, rootDigest: Primitives.Digest
    ) async throws(ImageBuildError) -> String {
        let archive = try await initrdArchive(kernel, firmware: firmware, rootDigest: rootDigest)
        try Files.write(archive.bytes, to: "\(work)/initrd.cpio")
        try await toolbox.run("zstd", ["-q", "-f", "-19", "-T1", "--no-progress", "-o", "\(work)/initrd.cpio.zst", "\(work)/initrd.cpio"])
        var bytes = try await microcode()
        bytes += try Files.read("\(work)/initrd.cpio.zst")
        while bytes.count % 4 != 0 { bytes.append(0) }
        if options.embedRoot {
            var embedded = CpioArchive(modificationTime: lock.sourceDateEpoch)
            embedded.add(file: "root.img", try Files.read(root))
            embedded.finish()
            bytes += embedded.bytes
        }
        let path = "\(work)/initrd"
        try Files.write(bytes, to: path)
        return path
    }

    private func initrdArchive(
        _ kernel: Kernel, firmware: FirmwareSelection, rootDigest: Primitives.Digest
    ) async throws(ImageBuildError) -> CpioArchive {
        let programs = try await unpack(.initrd, to: "initrd-programs")
        var archive = CpioArchive(modificationTime: lock.sourceDateEpoch)
        let modules = "lib/modules/\(kernel.release)"
        var directories: Set<String> = ["bin", "dev", "etc", "etc/bennu", "proc", "root", "run", "sys", "tmp"]
        let files = kernel.initrdModules.map { "\(modules)/\($0.path)" } + initrdFirmware(kernel, firmware).map { "lib/firmware/\($0)" }
        for file in files + ["\(modules)/modules.dep"] {
            var parts = file.split(separator: "/").dropLast()
            while !parts.isEmpty {
                directories.insert(parts.joined(separator: "/"))
                parts = parts.dropLast()
            }
        }
        for directory in directories.sorted() { archive.add(directory: directory) }
        // The kernel opens it before /init can mount anything.
        archive.add(characterDevice: "dev/console", mode: 0o600, major: 5, minor: 1)
        archive.add(link: "sbin", to: "bin")
        archive.add(file: "bin/busybox", mode: 0o755, try Files.read("\(programs)/usr/bin/busybox"))
        archive.add(link: "bin/sh", to: "busybox")
        archive.add(file: "init", mode: 0o755, PackageResources.initrd_init_sh)
        archive.add(file: "etc/udhcpc.sh", mode: 0o755, PackageResources.initrd_udhcpc_sh)
        archive.add(file: "etc/bennu/guard.sh", PackageResources.initrd_guard_sh)
        archive.add(file: "etc/bennu/root.digest", Array("\(rootDigest)\n".utf8))
        archive.add(file: "etc/bennu/image-contract", Array("\(BootImageDescription.currentContract)\n".utf8))
        let indexes = kernel.modules.indexes(of: kernel.initrdModules)
        archive.add(file: "\(modules)/modules.dep", Array(indexes.dependencies.utf8))
        archive.add(file: "\(modules)/modules.alias", Array(indexes.aliases.utf8))
        for module in kernel.initrdModules {
            archive.add(file: "\(modules)/\(module.path)", try Files.read("\(kernel.modules.directory)/\(module.path)"))
        }
        for path in initrdFirmware(kernel, firmware) {
            archive.add(file: "lib/firmware/\(path)", try Files.read("\(work)/firmware-packages/usr/lib/firmware/\(path)"))
        }
        archive.finish()
        return archive
    }

    /// Of the firmware that was selected, what the initrd's modules name.
    private func initrdFirmware(_ kernel: Kernel, _ firmware: FirmwareSelection) -> [String] {
        let wanted = kernel.initrdModules.flatMap(\.information.firmware)
        return firmware.files.filter { file in
            wanted.contains { FirmwareSelection.matches(file, pattern: $0) || file == $0 + ".xz" || file == $0 + ".zst" }
        }
    }

    /// The cpio that the kernel's early loader reads (Documentation/arch/x86/microcode.rst); empty without microcode packages.
    private func microcode() async throws(ImageBuildError) -> [UInt8] {
        guard !lock.packages(.microcode).isEmpty else { return [] }
        let directory = try await unpack(.microcode, to: "microcode")
        var archive = CpioArchive(modificationTime: lock.sourceDateEpoch)
        for path in ["kernel", "kernel/x86", "kernel/x86/microcode"] { archive.add(directory: path) }
        for (vendor, source) in [("AuthenticAMD", "amd-ucode"), ("GenuineIntel", "intel-ucode")] {
            let firmware = "\(directory)/usr/lib/firmware/\(source)"
            var content: [UInt8] = []
            // Beside the containers lie signatures and licences; Intel's names are family-model-stepping.
            for name in Files.tree(firmware) where vendor == "GenuineIntel" ? !name.contains(".") : name.hasSuffix(".bin") {
                content += try Files.read("\(firmware)/\(name)")
            }
            if !content.isEmpty { archive.add(file: "kernel/x86/microcode/\(vendor).bin", content) }
        }
        archive.finish()
        return archive.bytes
    }
}
