package import DHCPWire
import Primitives

/// A kind of client that another DHCP server has to tell apart, and what it is to answer: `LoaderTable` as others write it down.
package struct BootClass: Sendable, Hashable {
    package enum Sign: Sendable, Hashable {
        /// Option 175, or `iPXE` in option 77. Looked for first: iPXE says what its firmware says besides.
        case ipxe
        /// Option 93; where it is missing, the five digits in option 60.
        case architecture(ClientArchitecture)
    }

    /// `ipxe`, `x64-uefi-http`: letters, digits and hyphens.
    package let name: String
    package let sign: Sign
    package let directions: BootDirections

    /// All kinds, iPXE first; each architecture by the same decision that our own answers are made by.
    package static func all(loaders: LoaderTable, servers: ServerAddresses) -> [BootClass] {
        [BootClass(name: "ipxe", sign: .ipxe, directions: .script(url: servers.firstScript))]
            + loaders.architectures.map { architecture in
                BootClass(
                    name: name(architecture), sign: .architecture(architecture),
                    directions: BootDirections(
                        for: BootClient(architecture), hardwareAddress: HardwareAddress(value: 0), servers: servers, loaders: loaders))
            }
    }

    /// Two types may mean one processor: `x64-uefi-7`.
    private static func name(_ architecture: ClientArchitecture) -> String {
        let text = architecture.description.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "-" }
        return "\(String(text))-\(architecture.rawValue)"
    }
}

extension ClientArchitecture {
    /// What option 60 says of it: `PXEClient:Arch:00007` (PXE 2.1, table 2-1).
    var vendorClass: String {
        let digits = String(100_000 + UInt32(rawValue)).dropFirst()
        return "\(loadsByHTTP ? "HTTPClient" : "PXEClient"):Arch:\(digits)"
    }
}
