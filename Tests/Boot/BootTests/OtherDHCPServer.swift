import FoundationEssentials
import Glibc
import TestSupport
import VirtualRack

/// The site's own DHCP server: a computer of its own on the rack's network, at 10.77.0.2.
final class OtherDHCPServer: Sendable {
    /// Programs that others wrote, each told to give 10.77.0.100 and up, and what a snippet says besides.
    enum Program: String, CaseIterable {
        case dnsmasq, kea

        static let areInstalled = allCases.allSatisfy { access("/usr/sbin/\($0 == .kea ? "kea-dhcp4" : "dnsmasq")", X_OK) == 0 }

        fileprivate func configuration(_ directory: String) -> String {
            switch self {
            case .dnsmasq:
                """
                port=0
                interface=server0
                bind-interfaces
                log-dhcp
                dhcp-range=10.77.0.100,10.77.0.150,255.255.255.0,1h
                dhcp-leasefile=\(directory)/leases
                conf-file=\(directory)/snippet

                """
            case .kea:
                """
                {"Dhcp4": {
                  "interfaces-config": {"interfaces": ["server0"]},
                  "lease-database": {"type": "memfile", "persist": true, "name": "\(directory)/leases"},
                  "client-classes": <?include "\(directory)/snippet"?>,
                  "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout", "flush": true}]}],
                  "subnet4": [{"id": 1, "subnet": "10.77.0.0/24", "pools": [{"pool": "10.77.0.100-10.77.0.150"}]}]
                }}
                """
            }
        }

        fileprivate func command(_ directory: String) -> [String] {
            switch self {
            case .dnsmasq: ["dnsmasq", "-d", "-C", "\(directory)/configuration", "--user=root", "--no-ping"]
            case .kea: ["env", "KEA_PIDFILE_DIR=\(directory)", "KEA_LOCKFILE_DIR=\(directory)", "kea-dhcp4", "-c", "\(directory)/configuration"]
            }
        }
    }

    private let program: Program
    private let namespace: String
    private let directory: TemporaryDirectory
    private let process: ServerProcess

    /// - Parameter snippet: what it is told besides to give addresses.
    init(_ program: Program, _ site: Site, snippet: String) throws {
        self.program = program
        namespace = "\(site.rack.name.namespace)-dhcp"
        directory = try TemporaryDirectory()
        let log = site.evidence("\(program).log")
        for line in [
            "netns add \(namespace)", "-n \(namespace) link set lo up",
            "-n \(site.rack.name.namespace) link add dhcp0 type veth peer name server0 netns \(namespace)",
            "-n \(site.rack.name.namespace) link set dhcp0 master rack0 up", "-n \(namespace) address add 10.77.0.2/24 dev server0",
            "-n \(namespace) link set server0 up",
        ] {
            try ServerProcess(["ip"] + line.split(separator: " ").map(String.init), log: log).waitForEnd()
        }
        for (name, text) in ["snippet": snippet, "configuration": program.configuration(directory.path)] {
            _ = FileManager.default.createFile(atPath: "\(directory.path)/\(name)", contents: Data(text.utf8))
        }
        process = try ServerProcess(["ip", "netns", "exec", namespace] + program.command(directory.path), log: log)
    }

    /// The addresses that it gave, in no order.
    var given: [String] {
        let lines = Site.text(at: directory.path + "/leases").split(separator: "\n")
        switch program {
        case .dnsmasq: return lines.map { String($0.split(separator: " ")[2]) }
        // Below a line of the columns' names.
        case .kea: return lines.dropFirst().map { String($0.prefix { $0 != "," }) }
        }
    }

    func end() throws {
        process.kill()
        try ServerProcess(["ip", "netns", "delete", namespace], log: "/dev/null").waitForEnd()
    }
}
