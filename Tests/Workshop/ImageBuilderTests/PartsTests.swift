import FleetModel
import FoundationEssentials
import Primitives
import Testing

@testable import ImageBuilder

@Suite("A cpio archive")
struct CpioArchiveTests {
    @Test("has the bytes that the kernel's buffer format asks for")
    func bytes() {
        var archive = CpioArchive(modificationTime: 0x0102)
        archive.add(file: "a", mode: 0o755, Array("xyz".utf8))
        archive.finish()
        let header = "070701" + "00000001" + "000081ED" + "00000000" + "00000000" + "00000001" + "00000102" + "00000003"
        let rest = "00000000" + "00000000" + "00000000" + "00000000" + "00000002" + "00000000"
        #expect(Array(archive.bytes.prefix(110)) == Array((header + rest).utf8))
        #expect(Array(archive.bytes[110..<116]) == [0x61, 0, 0x78, 0x79, 0x7a, 0])
        #expect(archive.bytes.count == 512)
        #expect(String(decoding: archive.bytes, as: UTF8.self).contains("TRAILER!!!"))
    }

    @Test("unpacks with the archiver of the system")
    func unpacks() async throws {
        let place = try Scratch()
        var archive = CpioArchive(modificationTime: 1_700_000_000)
        archive.add(directory: "etc")
        archive.add(file: "etc/name", Array("value\n".utf8))
        archive.add(link: "link", to: "etc/name")
        archive.finish()
        try Files.write(archive.bytes, to: "\(place.directory)/a.cpio")
        let toolbox = Toolbox(log: "\(place.directory)/log", temporaryDirectory: place.directory)
        let listing = try await toolbox.run("sh", ["-c", "cpio --quiet -im < a.cpio; cat link; stat -c %Y etc/name"])
        #expect(listing == "value\n1700000000\n")
    }
}

@Suite("What a build decides")
struct DecisionTests {
    @Test(
        "the longest path of a module list decides",
        arguments: [
            ("kernel/drivers/net/tun.ko", true), ("kernel/drivers/net/ethernet/a/a.ko", true),
            ("kernel/drivers/net/ethernet/b/b.ko", false),
            ("kernel/drivers/netx/c.ko", false), ("kernel/sound/core/snd.ko", false), ("drivers/net/tun.ko", false),
        ])
    func moduleList(_ path: String, _ keeps: Bool) {
        #expect(ModuleList("# a comment\ndrivers/net\n- drivers/net/ethernet/b\n").keeps(path) == keeps)
    }

    @Test(
        "patterns of firmware match as a shell's do",
        arguments: [
            ("bnx2/a.fw", "bnx2/a.fw", true), ("bnx2/a.fw", "bnx2/*", true), ("bnx2/a.fw", "*.fw", true), ("bnx2/a.fw", "b*2*fw", true),
            ("bnx2/a.fw", "bnx2", false), ("a", "a*a", false), ("", "*", true), ("x", "", false),
        ])
    func firmwarePatterns(_ name: String, _ pattern: String, _ matches: Bool) {
        #expect(FirmwareSelection.matches(name, pattern: pattern) == matches)
    }

    @Test("every pattern of left-out firmware gives its reason")
    func leftOutReasons() {
        let text = String(decoding: PackageResources.firmware_left_out_txt, as: UTF8.self)
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(!lines.isEmpty)
        for line in lines { #expect(line.contains("# "), "\(line)") }
    }

    @Test("a kept module whose firmware is nowhere is missing by name, and one that is left out on purpose is not")
    func firmwareCheck() throws {
        let place = try Scratch()
        try Files.makeDirectory("\(place.directory)/vendor")
        try Files.write("x", to: "\(place.directory)/vendor/there.bin")
        let module = KernelModules.Module(
            path: "kernel/drivers/net/n.ko",
            information: try ModuleInformation(
                module("firmware=vendor/there.bin\0firmware=vendor/gone.bin\0firmware=other/known.bin\0depends=a,b-c\0alias=pci:v1\0")))
        let selection = FirmwareSelection(modules: [module], directory: place.directory, leftOut: ["other/*"])
        #expect(selection.files == ["vendor/there.bin"])
        #expect(selection.missing == [.init(module: "kernel/drivers/net/n.ko", file: "vendor/gone.bin")])
        #expect(module.information.dependencies == ["a", "b_c"])
        #expect(module.information.aliases == ["pci:v1"])
    }

    @Test("machine types are what QEMU says of them, without titles and explanations")
    func machineTypes() {
        let help = """
            Supported machines are:
            q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-10.0)
            pc-q35-10.0          Standard PC (Q35 + ICH9, 2009)
            none                 empty machine

            """
        #expect(ImageParts.machineTypes(inHelp: help) == ["none", "pc-q35-10.0", "q35"])
    }

    /// An ELF64 object with two sections: names, and `.modinfo` with this content.
    private func module(_ information: String) -> [UInt8] {
        func little(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let names = Array("\0.modinfo\0".utf8)
        let content = Array(information.utf8)
        let table = 64 + names.count + content.count
        func section(_ name: Int, _ offset: Int, _ size: Int) -> [UInt8] {
            little(name, 4) + [UInt8](repeating: 0, count: 20) + little(offset, 8) + little(size, 8) + [UInt8](repeating: 0, count: 24)
        }
        var object: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1] + [UInt8](repeating: 0, count: 34) + little(table, 8)
        object += [UInt8](repeating: 0, count: 10) + little(64, 2) + little(2, 2) + little(0, 2)
        object += names + content + section(0, 64, names.count) + section(1, 64 + names.count, content.count)
        return object
    }

    @Test("no prefix of a module and no changed byte of its header stops the reader")
    func hostileModules() {
        let whole = module("depends=a\0")
        // Nothing reads the last 24 bytes of a section header.
        for count in 0..<(whole.count - 24) {
            #expect(throws: ModuleInformation.Problem.self) { try ModuleInformation(Array(whole.prefix(count))) }
        }
        for index in whole.indices {
            var spoiled = whole
            spoiled[index] = 0xff
            _ = try? ModuleInformation(spoiled)
        }
    }

    @Test(
        "apt's own words give the mirror",
        arguments: [
            (
                "Debian|http://a.example/debian/\nDebian-Security|http://b.example/x/\n", "http://a.example/debian",
                "http://b.example/x" as String?
            ),
            ("Other|http://c.example/debian/\n|http://a.example/debian/\n", "http://a.example/debian", nil),
        ])
    func mirrors(_ targets: String, _ debian: String, _ security: String?) {
        let mirror = PackageMirror(indexTargets: targets)
        #expect(mirror?.urls[.debian] == debian)
        #expect(mirror?.urls[.security] == security)
    }

    @Test("without indexes the sources lists give it, in both of their forms")
    func sourcesLists() {
        let lists = [
            "# deb http://no.example/debian trixie main\ndeb [arch=amd64] https://a.example/debian/ x main\n",
            "Types: deb\nURIs: http://b.example/debian-security\n",
        ]
        let expected: [PackageLock.Archive: String] = [.debian: "https://a.example/debian", .security: "http://b.example/debian-security"]
        #expect(PackageMirror(sourcesLists: lists)?.urls == expected)
        #expect(PackageMirror(sourcesLists: ["deb http://a.example/ubuntu x main"]) == nil)
        #expect(PackageMirror(indexTargets: "") == nil)
    }

    @Test("a simulated installation gives names and versions")
    func simulation() {
        #expect(PackageResolver.installed("Inst libc6 (2.41-12 Debian:13/stable [amd64])") == "libc6=2.41-12")
        #expect(PackageResolver.installed("Conf libc6 (2.41-12 Debian:13/stable [amd64])") == nil)
        #expect(PackageResolver.unescaped("a%2bb%7ec%") == "a+b~c%")
    }

    @Test("control data keeps continuation lines with their field")
    func control() {
        let stanzas = ControlStanza.parse("Package: a\nDescription: one\n two\n\n\nPackage: b\n")
        #expect(stanzas == [["Package": "a", "Description": "one\ntwo"], ["Package": "b"]])
    }

    @Test("a lock survives its own JSON and refuses one that reaches outside", arguments: ["/etc/passwd", "pool/../../x"])
    func locks(_ path: String) throws {
        let place = try Scratch()
        let package = PackageLock.Package(
            name: "a", version: "1", architecture: "amd64", role: .root, archive: .debian, path: "pool/a.deb", size: 3,
            digest: try #require(Digest("sha256:" + String(repeating: "a", count: 64))))
        var lock = PackageLock(suite: "trixie", kernel: "cloud", extraPackages: ["z", "b"], sourceDateEpoch: 5, packages: [package])
        try Files.write(lock.encoded(), to: "\(place.directory)/lock")
        #expect(try PackageLock(path: "\(place.directory)/lock") == lock)
        lock.packages[0].path = path
        try Files.write(lock.encoded(), to: "\(place.directory)/lock")
        #expect(throws: ImageBuildError.self) { try PackageLock(path: "\(place.directory)/lock") }
    }

    @Test(
        "an overlay with a secret is refused",
        arguments: [
            ("etc/ssh/ssh_host_rsa_key", "x"), ("etc/shadow", "root:x"), ("etc/machine-id", "1"),
            ("root/k", "-----BEGIN OPENSSH PRIVATE KEY-----"),
        ])
    func overlaySecrets(_ path: String, _ content: String) throws {
        let place = try Scratch()
        let parent = path.split(separator: "/").dropLast().joined(separator: "/")
        try Files.makeDirectory("\(place.directory)/\(parent)")
        try Files.write("a\n", to: "\(place.directory)/plain")
        #expect(try RootOverlay(directory: place.directory).paths.contains("plain"))
        try Files.write(content, to: "\(place.directory)/\(path)")
        #expect(throws: ImageBuildError.self) { try RootOverlay(directory: place.directory) }
    }

    @Test("an overlay's digest depends on names, content and the right to run, and not on who made it")
    func overlayDigest() throws {
        let one = try Scratch()
        let two = try Scratch()
        try Files.write("a\n", to: "\(one.directory)/f", mode: 0o644)
        try Files.write("a\n", to: "\(two.directory)/f", mode: 0o600)
        #expect(try RootOverlay(directory: one.directory).digest == RootOverlay(directory: two.directory).digest)
        try Files.write("a\n", to: "\(two.directory)/f", mode: 0o700)
        #expect(try RootOverlay(directory: one.directory).digest != RootOverlay(directory: two.directory).digest)
    }

    @Test("a bad option is refused before anything is done", arguments: ["", "a/b", "-x", "a b"])
    func options(_ name: String) async throws {
        let place = try Scratch()
        let options = ImageBuildOptions(
            name: name, tag: "1", kernel: .cloud, output: "\(place.directory)/out", cache: place.directory,
            temporaryDirectory: place.directory)
        await #expect(throws: ImageBuildError.self) { try await BootImageBuild.run(options) { _ in } }
        #expect(!Files.exists("\(place.directory)/out"))
    }
}
