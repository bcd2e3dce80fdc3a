import FoundationEssentials
import Glibc
import HostAgent
import HostContract
import Primitives
import Testing

/// A directory that stands for a host's file system, with the programs that the agent runs as scripts that leave a trace.
final class TemporaryRoot: Sendable {
    let root: HostRoot
    let directory: String

    init() throws {
        var template = "/tmp/bennu-agent-test-XXXXXX".utf8CString
        let made = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        directory = try #require(made)
        root = HostRoot(directory)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func put(_ path: String, _ text: String, mode: UInt16 = 0o644) throws { try root.write(path, Array(text.utf8), mode: mode) }

    func text(_ path: String) throws -> String? { try root.read(path).map { String(decoding: $0, as: UTF8.self) } }

    /// A program that notes its arguments in /trace, then does what the script says.
    func program(_ path: String, _ script: String = "") throws {
        try put(path, "#!/bin/sh\nR=\(directory)\necho \"$(basename $0) $*\" >> $R/trace\n\(script)\n", mode: 0o755)
    }

    var trace: [String] {
        let text = (try? self.text("/trace")) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// A NIC with a device below it.
    func nic(_ name: String, _ address: String) throws {
        try put("/sys/class/net/\(name)/address", address + "\n")
        try root.makeDirectory("/sys/class/net/\(name)/device", mode: 0o755)
        try put("/sys/class/net/\(name)/carrier", "1\n")
    }

    /// libvirt's test driver, in a state of its own that lasts as long as the connection.
    func libvirt(_ node: String = "<node></node>") throws -> LibvirtConnection {
        try put("/test.xml", node)
        return LibvirtConnection(uri: "test://\(directory)/test.xml")
    }

    func converger(_ libvirt: LibvirtConnection? = nil, bridgePatience: Duration = .seconds(20)) throws -> Converger {
        let executor = ActionExecutor(root: root, libvirt: try libvirt ?? self.libvirt(), bridgePatience: bridgePatience)
        return Converger(executor: executor, host: "h-1", bootAddress: HardwareAddress("52:54:00:00:00:01"))
    }
}

extension Converger.Pass {
    func status(_ kind: String, _ name: String) -> ItemStatus? { items.first { $0.item == ItemKey(kind: kind, name: name) } }
}
