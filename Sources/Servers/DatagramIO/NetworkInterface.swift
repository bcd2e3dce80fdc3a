import Glibc
package import Primitives

/// A network interface of this machine as it is now.
package struct NetworkInterface: Sendable, Hashable {
    package let name: String
    package let index: UInt32
    /// In the kernel's order: the primary address first.
    package let addresses: [IPv4Interface]
    package let isLoopback: Bool

    /// The interface with this name; `nil` when there is none.
    package static func named(_ name: String) throws(SocketError) -> NetworkInterface? { try all().first { $0.name == name } }

    package static func all() throws(SocketError) -> [NetworkInterface] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { throw SocketError("list the network interfaces", code: errno) }
        defer { freeifaddrs(first) }
        var names: [String] = []
        var addresses: [String: [IPv4Interface]] = [:]
        var loopbacks: Set<String> = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            let name = String(cString: entry.ifa_name)
            if !names.contains(name) { names.append(name) }
            if entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0 { loopbacks.insert(name) }
            guard let address = ipv4(entry.ifa_addr), let mask = ipv4(entry.ifa_netmask) else { continue }
            if let interface = IPv4Interface("\(address)/\(mask.value.nonzeroBitCount)") { addresses[name, default: []].append(interface) }
        }
        return names.map {
            NetworkInterface(name: $0, index: if_nametoindex($0), addresses: addresses[$0] ?? [], isLoopback: loopbacks.contains($0))
        }
    }

    private static func ipv4(_ address: UnsafeMutablePointer<sockaddr>?) -> IPv4Address? {
        guard let address, Int32(address.pointee.sa_family) == AF_INET else { return nil }
        return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
            IPv4Address(value: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
        }
    }
}
