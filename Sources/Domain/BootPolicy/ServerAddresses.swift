package import Primitives

/// Where the servers of a boot answer, as clients on one interface reach them.
package struct ServerAddresses: Sendable, Hashable {
    /// Option 54, unless a relay overrides it (RFC 5107).
    package var identifier: IPv4Address
    package var tftp: IPv4Address
    package var http: IPv4Address
    package var httpPort: UInt16

    package init(identifier: IPv4Address, tftp: IPv4Address? = nil, http: IPv4Address? = nil, httpPort: UInt16) {
        (self.identifier, self.httpPort) = (identifier, httpPort)
        (self.tftp, self.http) = (tftp ?? identifier, http ?? identifier)
    }

    /// The same servers by another address of theirs.
    package func reached(at address: IPv4Address) -> ServerAddresses {
        ServerAddresses(
            identifier: address, tftp: tftp == identifier ? address : tftp, http: http == identifier ? address : http, httpPort: httpPort)
    }

    /// The script for an iPXE whose DHCP server knows one URL for all: it asks again and says who it is.
    package var firstScript: String { "\(httpBase)/boot.ipxe" }

    /// `http://10.0.0.1:8080` without a slash at its end. Always an address: firmware has no dependable resolver.
    package var httpBase: String { httpPort == 80 ? "http://\(http)" : "http://\(http):\(httpPort)" }
}
