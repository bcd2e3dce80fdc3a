import Foundation
import Primitives

/// Who has a port: found by the socket's inode in /proc, as `ss -p` does it.
enum PortHolder {
    enum Transport: String { case udp, tcp }

    /// `nil` when the port can be had on this address; else a person's words for the process that has it.
    static func holder(of port: Int, _ transport: Transport, on address: IPv4Address) -> String? {
        guard port > 0 else { return nil }
        // The kernel gives its table page by page, and may leave a socket out where others come and go meanwhile.
        for _ in 1...3 {
            let holder = sockets(transport).first { $0.port == port && ($0.address == address || $0.address.isAny || address.isAny) }
            if let holder { return process(with: holder.inode) ?? "a process that this user cannot see" }
        }
        return nil
    }

    private struct Socket {
        var address: IPv4Address
        var port: Int
        var inode: String
    }

    /// /proc/net/udp and tcp: address and port in hexadecimal, the address little-endian; for TCP only listeners (state 0A).
    private static func sockets(_ transport: Transport) -> [Socket] {
        guard let text = try? String(contentsOfFile: "/proc/net/\(transport.rawValue)", encoding: .utf8) else { return [] }
        return text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ", omittingEmptySubsequences: true)
            guard fields.count > 9, transport == .udp || fields[3] == "0A" else { return nil }
            let local = fields[1].split(separator: ":")
            guard local.count == 2, let address = UInt32(local[0], radix: 16), let port = Int(local[1], radix: 16) else { return nil }
            return Socket(address: IPv4Address(value: address.byteSwapped), port: port, inode: String(fields[9]))
        }
    }

    private static func process(with inode: String) -> String? {
        let wanted = "socket:[\(inode)]"
        for entry in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] where Int(entry) != nil {
            for descriptor in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(entry)/fd")) ?? [] {
                guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(entry)/fd/\(descriptor)")) == wanted else { continue }
                let name = (try? String(contentsOfFile: "/proc/\(entry)/comm", encoding: .utf8))?.split(separator: "\n").first ?? "?"
                return "\(name) (process \(entry))"
            }
        }
        return nil
    }
}
