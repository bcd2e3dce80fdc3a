import DatagramIO
import Foundation
import Primitives

/// Everything that would keep the server from serving, found before anything is served, and named at once.
struct Preflight {
    var problems: [String] = []
    /// Whether there is a data directory to look into.
    private(set) var hasUsableData = false

    init(_ plan: ServePlan) {
        checkData(plan)
        checkInterfaces(plan)
        checkPorts(plan)
    }

    private mutating func checkData(_ plan: ServePlan) {
        var isDirectory: ObjCBool = false
        if !FileManager.default.fileExists(atPath: plan.data, isDirectory: &isDirectory) {
            do {
                try FileManager.default.createDirectory(
                    atPath: plan.data, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
            } catch {
                problems.append("cannot make the data directory \(plan.data): \(error.localizedDescription); choose another with --data")
            }
        } else if !isDirectory.boolValue {
            problems.append("the data directory \(plan.data) is a file; choose another with --data")
        } else if access(plan.data, R_OK | W_OK | X_OK) != 0 {
            problems.append("cannot read and write the data directory \(plan.data): \(String(cString: strerror(errno)))")
        }
        hasUsableData = problems.isEmpty
        if let power = plan.power, !power.program.hasPrefix("/") || access(power.program, X_OK) != 0 {
            problems.append("the power command \(power.program) is no program that can be run; name it by its whole path")
        }
        for path in plan.documents where access(path, R_OK) != 0 {
            problems.append("cannot read the documents \(path): \(String(cString: strerror(errno)))")
        }
        // Not by NSString: its `deletingLastPathComponent` traps on a path of one character (Swift 6.3.1).
        let folder = plan.socket.lastIndex(of: "/").map { String(plan.socket[...$0]) } ?? "."
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            problems.append("cannot make \(folder) for the operator socket: \(error.localizedDescription); choose another with --socket")
        }
        if plan.socket.utf8.count > 107 {
            problems.append("the operator socket's path is longer than the 107 bytes that Unix allows: \(plan.socket)")
        }
    }

    private mutating func checkInterfaces(_ plan: ServePlan) {
        guard plan.roles.contains(.dhcp) || plan.roles.contains(.boot) || plan.roles.contains(.configuration) else { return }
        let present = (try? NetworkInterface.all()) ?? []
        if plan.interfaceNames.isEmpty {
            let names = present.filter { !$0.addresses.isEmpty && !$0.isLoopback }.map(\.name)
            problems.append("no interface was named; say which the hosts are on, like --interface \(names.first ?? "eno1")")
        }
        for name in plan.interfaceNames {
            guard let interface = present.first(where: { $0.name == name }) else {
                problems.append("there is no interface \(name); this server has: \(present.map(\.name).joined(separator: ", "))")
                continue
            }
            if interface.addresses.isEmpty {
                problems.append("interface \(name) has no IPv4 address; give it one, since hosts are told to fetch from it")
            }
        }
    }

    /// Whether it is one of DHCP's ports, and free. Each of its sockets is one interface's: a server of other interfaces, such as libvirt's for
    /// its own networks, is in nobody's way, and the kernel's table of sockets does not say whose they are.
    private func isFreeOnInterfaces(_ plan: ServePlan, _ port: Int, _ transport: PortHolder.Transport) -> Bool {
        let interfaces = plan.interfaces
        guard transport == .udp, [plan.dhcpPort, plan.proxyPort].contains(port), !interfaces.isEmpty else { return false }
        return interfaces.allSatisfy { (try? UDPSocket(interface: $0.name, port: UInt16(clamping: port))) != nil }
    }

    private mutating func checkPorts(_ plan: ServePlan) {
        let addresses = plan.listenAddresses
        for (port, transport, name) in plan.ports where !isFreeOnInterfaces(plan, port, transport) {
            if let holder = addresses.lazy.compactMap({ PortHolder.holder(of: port, transport, on: $0) }).first {
                problems.append("\(name) port \(port)/\(transport.rawValue) is taken by \(holder); stop it, or choose another port")
            }
            if port > 0, port < 1024, geteuid() != 0, !Capabilities.mayBindLowPorts {
                problems.append("\(name) port \(port) needs root or CAP_NET_BIND_SERVICE; the systemd unit in Packaging/ grants it")
            }
        }
        if plan.roles.contains(.dhcp), geteuid() != 0, !Capabilities.mayUseRawSockets {
            problems.append("DHCP answers hosts that have no address yet by raw frames, which needs root or CAP_NET_RAW; see Packaging/bennu.service")
        }
    }
}

/// The effective capabilities of this process (capabilities(7)), from /proc/self/status.
enum Capabilities {
    static var mayBindLowPorts: Bool { has(10) || lowPortsAreFree }
    static var mayUseRawSockets: Bool { has(13) }

    private static func has(_ capability: UInt64) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
            let mask = UInt64(line.split(separator: "\t").last ?? "", radix: 16)
        else { return false }
        return mask >> capability & 1 == 1
    }

    private static var lowPortsAreFree: Bool {
        let text = (try? String(contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start", encoding: .utf8)) ?? ""
        return (text.split(separator: "\n").first.flatMap { Int($0) } ?? 1024) <= 67
    }
}
