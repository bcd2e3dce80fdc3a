import FoundationEssentials
import Glibc
import TestSupport
import VirtualRack

/// dnsmasq as the site's own DHCP server: a computer of its own on the rack's network, at 10.77.0.2.
final class OtherDHCPServer: Sendable {
    static let isInstalled = access("/usr/sbin/dnsmasq", X_OK) == 0
    private let namespace: String
    private let directory: TemporaryDirectory
    private let process: ServerProcess

    /// - Parameter snippet: what it is told besides to give 10.77.0.100 and up.
    init(_ site: Site, snippet: String) throws {
        namespace = "\(site.rack.name.namespace)-dhcp"
        directory = try TemporaryDirectory()
        for line in [
            "netns add \(namespace)", "-n \(namespace) link set lo up",
            "-n \(site.rack.name.namespace) link add dhcp0 type veth peer name server0 netns \(namespace)",
            "-n \(site.rack.name.namespace) link set dhcp0 master rack0 up", "-n \(namespace) address add 10.77.0.2/24 dev server0",
            "-n \(namespace) link set server0 up",
        ] {
            try ServerProcess(["ip"] + line.split(separator: " ").map(String.init), log: site.evidence("dnsmasq.log")).waitForEnd()
        }
        let file = directory.path + "/dnsmasq.conf"
        let text = """
            port=0
            interface=server0
            bind-interfaces
            log-dhcp
            dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,1h
            dhcp-leasefile=\(directory.path)/leases
            conf-file=\(directory.path)/bennu.conf

            """
        _ = FileManager.default.createFile(atPath: directory.path + "/bennu.conf", contents: Data(snippet.utf8))
        _ = FileManager.default.createFile(atPath: file, contents: Data(text.utf8))
        process = try ServerProcess(
            ["ip", "netns", "exec", namespace, "dnsmasq", "-d", "-C", file, "--user=root", "--no-ping"], log: site.evidence("dnsmasq.log"))
    }

    /// The addresses that it gave, in no order.
    var given: [String] {
        Site.text(at: directory.path + "/leases").split(separator: "\n").map { String($0.split(separator: " ")[2]) }
    }

    func end() throws {
        process.kill()
        try ServerProcess(["ip", "netns", "delete", namespace], log: "/dev/null").waitForEnd()
    }
}
