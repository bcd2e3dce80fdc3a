import Foundation
import TestSupport
import Testing

/// A host that no image has a boot program for: a RISC-V machine, as udhcpc with its firmware's options and curl play it.
@Suite("Loaders of a BootServer document", .enabled(if: geteuid() == 0, "network namespaces need root"), .timeLimit(.minutes(3)))
struct LoaderTests {
    private let network: NetworkOfItsOwn
    private let client: [String]
    private let directory: TemporaryDirectory
    private static let subnet =
        "apiVersion: bennu/v1\nkind: Subnet\nmetadata: {name: lab}\nspec: {prefix: 10.77.0.0/24, pools: [10.77.0.100-10.77.0.120]}\n"

    init() throws {
        (network, directory) = (try NetworkOfItsOwn(), try TemporaryDirectory())
        client = try network.separatePeer()
        _ = try NetworkOfItsOwn.output(of: client + ["ip", "address", "add", "10.77.0.50/24", "dev", "rack1"])
        let script = directory.path + "/script"
        try Data("#!/bin/sh\n[ \"$1\" = bound ] && echo \"file=$boot_file option=$bootfile server=$siaddr\"\nexit 0\n".utf8)
            .write(to: URL(filePath: script))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
    }

    private func serve(_ more: String...) throws -> RunningServer {
        try RunningServer(directory, ["--roles", "dhcp,boot,operator", "--interface", "rack0"] + more, command: network.command)
    }

    /// What a client of this architecture is told; all of it on one line.
    private func boot(_ architecture: Int, http: Bool = false) throws -> String {
        let name = "\(http ? "HTTPClient" : "PXEClient"):Arch:\(String(100_000 + architecture).dropFirst()):UNDI:003000"
        let number = "00" + (architecture < 16 ? "0" : "") + String(architecture, radix: 16)
        return try NetworkOfItsOwn.output(
            of: client + [
                "sh", "-c",
                "udhcpc -f -n -q -t 8 -T 1 -i rack1 -s \(directory.path)/script -V \(name) -x 0x5d:\(number) 2>/dev/null",
            ])
    }

    private func fetch(_ url: String) throws -> Data? {
        let file = directory.path + "/fetched"
        try? FileManager.default.removeItem(atPath: file)
        _ = try NetworkOfItsOwn.output(of: client + ["curl", "-q", "-s", "-f", "-m", "30", "-o", file, url])
        return FileManager.default.contents(atPath: file)
    }

    @Test("RISC-V by PXE and by HTTP is refused before, gets the operator's program from the next packet on, and still after a restart")
    func riscv64() throws {
        var server = try serve()
        try #require(try server.apply(Self.subnet).status == 0)
        #expect(try boot(27).hasPrefix("file= option= "))
        let address = try NetworkOfItsOwn.output(of: client + ["cat", "/sys/class/net/rack1/address"]).trimmingCharacters(in: .newlines)
        let timeline = try server.run("host", "timeline", address).output
        #expect(timeline.contains("unknown-architecture") && timeline.contains("loaders of the BootServer document"), "\(timeline)")

        // A PE header for RISC-V, and enough behind it for many blocks.
        var program = Data("MZ".utf8) + Data(count: 62) + Data([0x50, 0x45, 0, 0, 0x64, 0x50])
        program[0x3c] = 0x40
        program += Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) })
        let file = directory.path + "/ipxe-riscv64.efi"
        let loaders = """
            apiVersion: bennu/v1
            kind: BootServer
            metadata: {name: site}
            spec:
              loaders:
              - {architecture: riscv64-uefi, file: \(file)}
              - {architecture: riscv64-uefi-http, file: \(file)}

            """
        let mistake = try server.apply(loaders)
        #expect(mistake.status == 2 && (mistake.output + mistake.errors).contains(":6:"), "\(mistake)")
        #expect((mistake.output + mistake.errors).contains("No such file"), "\(mistake)")
        #expect(try boot(27).hasPrefix("file= option= "))
        try program.write(to: URL(filePath: file))
        try #require(try server.apply(loaders).status == 0)

        for round in 1...2 {
            #expect(try boot(27) == "file=riscv64-uefi/ipxe-riscv64.efi option=riscv64-uefi/ipxe-riscv64.efi server=10.77.0.1\n")
            let url = "http://10.77.0.1:8080/boot-files/riscv64-uefi-http/ipxe-riscv64.efi"
            #expect(try boot(28, http: true).hasPrefix("file=\(url) option=\(url) "))
            #expect(try fetch("tftp://10.77.0.1/riscv64-uefi/ipxe-riscv64.efi") == program, "round \(round)")
            #expect(try fetch(url) == program, "round \(round)")
            #expect(try fetch("http://10.77.0.1:8080/boot-files/ipxe-riscv64.efi") == nil)
            #expect(try fetch("tftp://10.77.0.1/\(file)") == nil)
            guard round == 1 else { break }
            #expect(server.kill(SIGTERM) == 0)
            try FileManager.default.removeItem(atPath: file)
            server = try serve("--documents", directory.path + "/apply.yaml")
        }
        let snippet = try server.run("dhcp", "snippet", "dnsmasq").output
        #expect(snippet.contains("riscv64-uefi/ipxe-riscv64.efi") && snippet.contains("snponly.efi"), "\(snippet)")
    }
}
