package import Primitives

/// One route of option 121 (RFC 3442): prefix length, the significant bytes of the network, the router.
package struct ClasslessStaticRoute: Hashable, Sendable {
    package let destination: IPv4Prefix
    /// 0.0.0.0 when the network is on the client's own link.
    package let router: IPv4Address

    package init(destination: IPv4Prefix, router: IPv4Address) {
        (self.destination, self.router) = (destination, router)
    }

    var encoded: [UInt8] {
        [UInt8(clamping: destination.length)] + destination.network.bytes.prefix((destination.length + 7) / 8) + router.bytes
    }

    /// All routes, or `nil` when one has a length above 32 or is cut short.
    static func decode(_ bytes: ArraySlice<UInt8>) -> [ClasslessStaticRoute]? {
        var rest = bytes
        var routes: [ClasslessStaticRoute] = []
        while let length = rest.popFirst() {
            let significant = (Int(length) + 7) / 8
            guard length <= 32, rest.count >= significant + 4 else { return nil }
            let network = Array(rest.prefix(significant)) + [UInt8](repeating: 0, count: 4 - significant)
            rest.removeFirst(significant)
            guard let address = IPv4Address(bytes: network), let router = IPv4Address(bytes: rest.prefix(4)),
                let destination = IPv4Prefix(containing: address, length: Int(length))
            else { return nil }
            rest.removeFirst(4)
            routes.append(ClasslessStaticRoute(destination: destination, router: router))
        }
        return routes
    }
}
