import FleetModel
import Primitives

extension IPXEScript {
    /// Loads the image and starts it; a failure is shown, and after a pause the host asks again.
    package static func load(_ load: Load, for client: Client, from servers: Servers) throws(Refusal) -> String {
        let commandLine = try commandLine(load, for: client, from: servers)
        func blob(_ digest: Digest) -> String { "\(servers.boot)/blobs/sha256/\(digest.hexadecimal)?boot=\(load.boot)" }
        var lines = [
            "#!ipxe",
            // An image that an earlier script left behind would become part of the initrd.
            "imgfree",
            "echo",
            "echo Bennu: host \(clean(load.hostName)) loads image \(clean(load.imageReference))",
            "kernel --name bennu-kernel \(blob(load.kernel)) \(commandLine) || goto failed",
        ]
        for (index, digest) in load.initrds.enumerated() {
            lines.append("initrd --name \(initrdName(index)) \(blob(digest)) || goto failed")
        }
        lines += ["boot || goto failed", ":failed", "echo", "echo Bennu: image \(clean(load.imageReference)) could not be started."]
        lines.append("echo Bennu: the line above says why; \"bennu host timeline\" shows what the server sent.")
        return text(lines + askAgain(url(of: client, at: servers)))
    }

    /// Asks again, with the hardware address of the card that it came by (iPXE's `netX`) and the UUID. For hosts whose DHCP server knows one
    /// URL for all.
    package static func first(from servers: Servers) -> String {
        let url = "\(servers.boot)/boot.ipxe?mac=${netX/mac}&uuid=${uuid}"
        return text(["#!ipxe", "imgfree", "chain --replace --autofree \(url) ||"] + askAgain(url))
    }

    /// Shows why there is nothing to start, and asks again after `pause` seconds. Lines of `message` stay lines.
    package static func wait(
        reason: String, message: String, for client: Client, from servers: Servers, pause: Int = pause
    ) -> String {
        var lines = ["#!ipxe", "imgfree", "echo", "echo Bennu: this host waits: \(clean(reason))"]
        for line in message.prefix(2000).split(whereSeparator: \.isNewline).prefix(8) {
            lines.append("echo Bennu: \(clean(String(line)))")
        }
        lines.append("echo Bennu: hardware address \(client.hardwareAddress)\(client.uuid.map { ", UUID \($0)" } ?? "")")
        return text(lines + askAgain(url(of: client, at: servers), pause: pause))
    }

    /// `initrd=` must name every file for EFI builds of iPXE before 2021 (no initrd.magic): the kernel's EFI stub then reads them by name
    /// and joins them. Builds with LoadFile2 (2023) hand over the joined initrd and the stub never looks at `initrd=`; on BIOS iPXE places
    /// it itself, and the kernel ignores a name there (it takes `address,size` only).
    private static func commandLine(_ load: Load, for client: Client, from servers: Servers) throws(Refusal) -> String {
        for (index, argument) in load.arguments.enumerated() where !isUsable(argument) {
            throw .argumentUnusable(index: index, argument)
        }
        var words = load.initrds.indices.map { "initrd=\(initrdName($0))" }
        words += ["bennu.server=\(servers.configuration)", "bennu.blobs=\(servers.boot)", "bennu.boot=\(load.boot)"]
        if let root = load.root { words.append("bennu.root=\(root)") }
        // PXELINUX's form: hardware type 1, then the address.
        words.append("BOOTIF=01-\(client.hardwareAddress.hyphenated)")
        // Until the root's own setting is in force, a kernel that panics would stand for ever.
        if !load.arguments.contains(where: { $0.hasPrefix("panic=") }) { words.append("panic=10") }
        let line = (words + load.arguments).joined(separator: " ")
        guard line.utf8.count <= longestCommandLine else { throw .commandLineTooLong(line.utf8.count) }
        return line
    }

    private static func initrdName(_ index: Int) -> String { "bennu-initrd-\(index + 1)" }

    /// `--replace` ends this script before the next begins, so a host may wait for months. A server that is away is asked again.
    private static func askAgain(_ url: String, pause: Int = pause) -> [String] {
        [
            "imgfree",
            "echo Bennu: asking again every \(pause) seconds",
            ":again",
            // Someone's Ctrl-C only shortens the pause: a host must not end at a prompt that nobody sees.
            "sleep \(pause) ||",
            "chain --replace --autofree \(url) || goto again",
        ]
    }

    private static func text(_ lines: [String]) -> String { lines.joined(separator: "\n") + "\n" }
}
