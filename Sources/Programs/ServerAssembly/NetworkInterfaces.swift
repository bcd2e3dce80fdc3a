import Foundation
import Primitives

/// An interface of this server with its IPv4 addresses, as the kernel lists them.
struct NetworkInterface: Sendable, Hashable {
    var name: String
    var addresses: [IPv4Interface]

    static func all() -> [NetworkInterface] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [String: [IPv4Interface]] = [:]
        var order: [String] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            let name = String(cString: entry.ifa_name)
            if found[name] == nil {
                found[name] = []
                order.append(name)
            }
            guard let address = ipv4(entry.ifa_addr), let mask = ipv4(entry.ifa_netmask) else { continue }
            guard let own = IPv4Interface(address: address, length: mask.value.nonzeroBitCount) else { continue }
            found[name]?.append(own)
        }
        return order.map { NetworkInterface(name: $0, addresses: found[$0] ?? []) }
    }

    private static func ipv4(_ pointer: UnsafeMutablePointer<sockaddr>?) -> IPv4Address? {
        guard let pointer, pointer.pointee.sa_family == sa_family_t(AF_INET) else { return nil }
        return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { IPv4Address(value: UInt32(bigEndian: $0.pointee.sin_addr.s_addr)) }
    }
}
