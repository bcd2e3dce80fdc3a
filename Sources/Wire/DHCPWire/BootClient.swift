package import Primitives

/// What stage of network boot sent a message, from options 60, 77, 93 and 175.
package struct BootClient: Hashable, Sendable {
    package enum Kind: String, Sendable {
        /// iPXE: loads scripts by URL.
        case ipxe
        /// Firmware that loads by HTTP (UEFI specification, "HTTP Boot") and ignores replies without `HTTPClient` in option 60.
        case http
        /// Firmware that loads by TFTP (PXE 2.1).
        case pxe
    }

    package let kind: Kind
    /// `nil` when neither option 93 nor option 60 says; never guessed, since a wrong loader makes boot loops.
    package let architecture: ClientArchitecture?
    /// Option 60; empty where the message has none.
    package let vendorClass: String
    /// Option 97 where the machine has one.
    package let machineIdentifier: UniversalUniqueIdentifier?
    /// Option 175's content, for an iPXE that sends it.
    package let ipxe: IPXEOptions?

    /// Firmware of this architecture that sends nothing else of itself.
    package init(_ architecture: ClientArchitecture) {
        (kind, self.architecture) = (architecture.loadsByHTTP ? .http : .pxe, architecture)
        (vendorClass, machineIdentifier, ipxe) = ("", nil, nil)
    }

    /// `nil` for a message that nothing marks as network boot: an installed system asking for its address.
    ///
    /// iPXE is looked for first, because it says `PXEClient` in option 60 too, even when it was loaded by HTTP.
    package init?(_ message: borrowing DHCPMessage) {
        let options = message.options
        guard
            options.contains(.vendorClassIdentifier) || options.contains(.clientArchitecture) || options.contains(.userClass)
                || options.contains(.ipxeEncapsulated)
        else { return nil }
        let vendorClass = message.vendorClassIdentifier ?? ""
        let architectures = message.clientArchitectures
        let architecture = architectures.first ?? Self.architecture(in: vendorClass)
        if message.options.contains(.ipxeEncapsulated) || message.hasUserClass("iPXE") {
            kind = .ipxe
        } else if vendorClass.utf8.starts(with: "HTTPClient".utf8) {
            kind = .http
        } else if vendorClass.utf8.starts(with: "PXEClient".utf8) {
            kind = .pxe
        } else if let architecture = architectures.first {
            kind = architecture.loadsByHTTP ? .http : .pxe
        } else {
            return nil
        }
        (self.architecture, self.vendorClass) = (architecture, vendorClass)
        machineIdentifier = message.clientMachineIdentifier.flatMap { $0.isUnset ? nil : $0 }
        ipxe = message.ipxeEncapsulated
    }

    /// The five digits of `PXEClient:Arch:00007:UNDI:003016` (PXE 2.1, table 2-1).
    private static func architecture(in vendorClass: String) -> ClientArchitecture? {
        let parts = vendorClass.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[1].elementsEqual("Arch".utf8), (1...5).contains(parts[2].count) else { return nil }
        var value: UInt32 = 0
        for digit in parts[2] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + UInt32(digit - UInt8(ascii: "0"))
        }
        return UInt16(exactly: value).map(ClientArchitecture.init(rawValue:))
    }
}
