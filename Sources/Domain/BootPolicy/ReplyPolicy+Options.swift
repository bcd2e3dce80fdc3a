import AddressPlan
package import DHCPWire
import Primitives

extension DHCPMessage {
    /// Options 51, 58 and 59: renew after half of the lease, rebind after seven eighths (RFC 2131 section 4.4.5). An infinite lease has neither.
    mutating func setTimes(leaseTime seconds: UInt32) {
        options.set(.leaseTime, to: seconds)
        guard seconds != .max else { return }
        options.set(.renewalTime, to: seconds / 2)
        options.set(.rebindingTime, to: UInt32(truncatingIfNeeded: UInt64(seconds) * 7 / 8))
    }

    /// What the client asked for in option 55, or all where it sent none. Boot firmware gets the network in any case: its requests are
    /// copied from examples, and OVMF declines a lease without a subnet mask.
    mutating func setNetwork(_ plan: SubnetPlan, for request: CheckedRequest) {
        let asked = request.asked
        func wants(_ code: DHCPOptionCode) -> Bool { asked.isEmpty || asked.contains(code) || request.bootClient != nil }
        subnetMask = plan.prefix.mask
        if wants(.router), !request.isToldRoutes(plan) || request.bootClient != nil { routers = plan.routers }
        if wants(.domainNameServer) { domainNameServers = plan.nameServers }
        if asked.contains(.broadcastAddress) { broadcastAddress = plan.prefix.broadcast }
        if wants(.domainName), let name = plan.domainName { domainName = name }
        if asked.isEmpty || asked.contains(.networkTimeServers) { networkTimeServers = plan.timeServers }
        // A client that reads option 121 ignores option 3, so the default route goes into it as well, and option 3 need not be there (RFC 3442).
        if !plan.routes.isEmpty, asked.isEmpty || asked.contains(.classlessStaticRoutes) {
            classlessStaticRoutes = plan.routesWithDefault.map { ClasslessStaticRoute(destination: $0.destination, router: $0.router) }
        }
    }

    /// What documents say besides: those of the NIC before those of the address before those of the subnet. Only what the client asked for,
    /// or all where it sent no list.
    mutating func setFurther(_ plan: SubnetPlan, for request: CheckedRequest, address: IPv4Address?) {
        guard !plan.options.isEmpty || !plan.addressOptions.isEmpty || !plan.hostOptions.isEmpty else { return }
        var further = plan.options
        if let address, let own = plan.addressOptions[address] { further.merge(own) { $1 } }
        if let own = plan.hostOptions[request.hardwareAddress] { further.merge(own) { $1 } }
        let asked = request.asked
        for (code, bytes) in further.sorted(by: { $0.key < $1.key }) {
            let code = DHCPOptionCode(rawValue: code)
            if code == .staticRoutes, request.isToldRoutes(plan) { continue }
            if asked.isEmpty || asked.contains(code) { options.set(code, to: bytes) }
        }
    }

    /// As `setBoot`, in an answer that stands beside another server's. Returns why there is nothing to say.
    ///
    /// Firmware takes such an answer for what it is by option 60, and loads the file that it names by discovery control 8 in option 43.
    mutating func setProxiedBoot(_ directions: BootDirections, _ plan: SubnetPlan, servers: ServerAddresses) -> DHCPRefusal? {
        serverAddress = servers.tftp
        switch directions {
        case .none: return .proxyOnly
        case .refused(let refusal): return refusal
        case .tftp(let file, let server):
            serverAddress = server
            setBootFile(file, serverName: server.description, nulTerminated: plan.terminatesBootNames)
        case .script(let url): setBootFile(url, nulTerminated: plan.terminatesBootNames)
        case .http(let url):
            setBootFile(url, nulTerminated: plan.terminatesBootNames)
            vendorClassIdentifier = "HTTPClient"
            return nil
        }
        vendorClassIdentifier = "PXEClient"
        options.set(.vendorSpecificInformation, to: Self.pxeBootFileOnly)
        return nil
    }

    /// Returns why there is nothing to boot, where the client wanted something.
    mutating func setBoot(_ directions: BootDirections, _ plan: SubnetPlan) -> DHCPRefusal? {
        switch directions {
        case .none:
            return nil
        case .refused(let refusal):
            return refusal
        case .tftp(let file, let server):
            // No option 60: firmware that sees `PXEClient` there without option 43 takes the offer for invalid (OVMF: PXE-E16).
            serverAddress = server
            setBootFile(file, serverName: server.description, nulTerminated: plan.terminatesBootNames)
        case .http(let url):
            // UEFI HTTP Boot ignores replies that do not say so themselves.
            vendorClassIdentifier = "HTTPClient"
            setBootFile(url, nulTerminated: plan.terminatesBootNames)
        case .script(let url):
            setBootFile(url, nulTerminated: plan.terminatesBootNames)
            options.set(.ipxeEncapsulated, to: IPXEOptions.withoutProxyDHCP)
        }
        return nil
    }
}

extension DHCPMessage {
    /// What the server says by itself. All else is from `options` of documents.
    private static let ownOptions: DHCPCodeSet = {
        let codes: [UInt8] = [1, 3, 6, 15, 28, 42] + Array(50...61) + [66, 67, 82, 93, 94, 97, 118, 121, 175]
        return DHCPCodeSet(codes.map(DHCPOptionCode.init(rawValue:)))
    }()

    /// What a host can do without, in the order in which it is left out: the longest of what documents say besides first, as one of them is
    /// why a reply is too large, nearly always.
    private var spareOptions: [DHCPOptionCode] {
        // Without option 43 firmware takes an offer that says `PXEClient` for invalid.
        let further = options.codes.filter { !Self.ownOptions.contains($0) && ($0 != .vendorSpecificInformation || vendorClassIdentifier == nil) }
        return further.sorted { (options[$0]?.count ?? 0, $0.rawValue) > (options[$1]?.count ?? 0, $1.rawValue) }
            + [.networkTimeServers, .domainName, .broadcastAddress, .tftpServerName, .domainNameServer, .classlessStaticRoutes, .router]
    }

    /// The bytes of a reply within what the client takes. What a host can do without is left out (`spareOptions`).
    package func encode(answering request: DHCPMessage, linkMTU: Int = 1500) throws(DHCPRefusal) -> [UInt8] {
        var reply = self
        return try reply.finish(answering: request, linkMTU: linkMTU)
    }

    /// As `encode`, of a reply that nobody looks at any more: its options become the packet, and are gone.
    package mutating func finish(answering request: DHCPMessage, linkMTU: Int = 1500) throws(DHCPRefusal) -> [UInt8] {
        let capacity = request.replyCapacity(linkMTU: linkMTU)
        if encodedSize > capacity {
            for spare in spareOptions where encodedSize > capacity { options.remove(spare) }
        }
        do { return try finish(maximumSize: capacity) } catch { throw .replyTooLarge }
    }
}

extension CheckedRequest {
    /// Whether it asked for option 121, and is given it.
    fileprivate func isToldRoutes(_ plan: SubnetPlan) -> Bool { !plan.routes.isEmpty && asked.contains(.classlessStaticRoutes) }
}

extension SubnetPlan {
    fileprivate var routesWithDefault: [SubnetRoute] {
        guard let router = routers.first, !routes.contains(where: { $0.destination.length == 0 }),
            let everywhere = IPv4Prefix(containing: .any, length: 0)
        else { return routes }
        return routes + [SubnetRoute(destination: everywhere, router: router)]
    }
}
