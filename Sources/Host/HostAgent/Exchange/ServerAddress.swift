package import Primitives

/// Where a configuration server listens: `http://10.77.0.1:8081`. By address only: a host that starts has no resolver yet.
package struct ServerAddress: Hashable, Sendable, StringCodable {
    package static let expectation = "a server like http://10.77.0.1:8081"
    package let address: IPv4Address
    package let port: Int

    package init(address: IPv4Address, port: Int) { (self.address, self.port) = (address, port) }

    package init?(_ description: String) {
        guard description.hasPrefix("http://") else { return nil }
        var rest = description.dropFirst(7)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPv4Address(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(address: address, port: 80)
            return
        }
        guard let port = UInt16(parts[1]), port > 0 else { return nil }
        self.init(address: address, port: Int(port))
    }

    package var description: String { "http://\(address):\(port)" }
}
