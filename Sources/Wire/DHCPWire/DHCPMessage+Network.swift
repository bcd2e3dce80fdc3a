package import Primitives

/// Options that configure the client's network (RFC 2132 sections 3 to 8): what a reply is made of.
extension DHCPMessage {
    /// Option 1, section 3.3. OVMF answers a reply without it with DHCPDECLINE.
    package var subnetMask: IPv4Address? {
        get { options.address(.subnetMask) }
        set { options.set(.subnetMask, to: newValue) }
    }

    /// Option 3, section 3.5. Clients ignore it when option 121 is there.
    package var routers: [IPv4Address] {
        get { options.addresses(.router) }
        set { options.set(.router, to: newValue) }
    }

    /// Option 6, section 3.8.
    package var domainNameServers: [IPv4Address] {
        get { options.addresses(.domainNameServer) }
        set { options.set(.domainNameServer, to: newValue) }
    }

    /// Option 15, section 3.17.
    package var domainName: String? {
        get { options.text(.domainName) }
        set { options.set(.domainName, to: newValue) }
    }

    /// Option 26, section 5.1.
    package var interfaceMTU: UInt16? {
        get { options.unsigned16(.interfaceMTU) }
        set { options.set(.interfaceMTU, to: newValue) }
    }

    /// Option 28, section 5.3.
    package var broadcastAddress: IPv4Address? {
        get { options.address(.broadcastAddress) }
        set { options.set(.broadcastAddress, to: newValue) }
    }

    /// Option 42, section 8.3.
    package var networkTimeServers: [IPv4Address] {
        get { options.addresses(.networkTimeServers) }
        set { options.set(.networkTimeServers, to: newValue) }
    }

    /// Option 121 (RFC 3442). Include 0.0.0.0/0: a client that reads this option ignores option 3.
    package var classlessStaticRoutes: [ClasslessStaticRoute] {
        get { options[.classlessStaticRoutes].flatMap(ClasslessStaticRoute.decode) ?? [] }
        set {
            options[.classlessStaticRoutes] = newValue.isEmpty ? nil : ArraySlice(newValue.flatMap(\.encoded))
        }
    }
}
