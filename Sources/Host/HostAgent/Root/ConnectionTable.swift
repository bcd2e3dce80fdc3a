import Glibc

/// The TCP connections of this host (proc_net_tcp(5)).
struct ConnectionTable {
    let root: HostRoot

    /// True when one is open to there in which nothing waits to be sent once more.
    /// - Parameter address: in text, of either version of IP.
    func isOpen(to address: String, _ port: Int) -> Bool {
        guard let wanted = Self.text(of: address, port) else { return false }
        return ["/proc/net/tcp", "/proc/net/tcp6"].contains { table in
            // A row has 150 bytes; a host may have many.
            let rows = (try? root.read(table, limit: 64 << 20)).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self) } ?? ""
            return rows.split(separator: "\n").contains { line in
                let fields = line.split(separator: " ")
                return fields.count > 6 && fields[2] == wanted && fields[3] == "01" && fields[6].allSatisfy { $0 == "0" }
            }
        }
    }

    /// As the kernel writes it: words of the address in the order of the host's bytes, then the port.
    private static func text(of address: String, _ port: Int) -> String? {
        var words = [UInt32](repeating: 0, count: 4)
        let isLong = address.contains(":")
        guard inet_pton(isLong ? AF_INET6 : AF_INET, address, &words) == 1 else { return nil }
        return words.prefix(isLong ? 4 : 1).map { hexadecimal($0, 8) }.joined() + ":" + hexadecimal(UInt32(clamping: port), 4)
    }

    private static func hexadecimal(_ number: UInt32, _ digits: Int) -> String {
        let text = String(number, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}
