/// Option 175, iPXE's own options: what this build of iPXE can do, and settings that servers give it.
package struct IPXEOptions: Hashable, Sendable {
    /// A suboption's code. Those up to 0x7f tell a feature of the build; open.
    package struct Feature: RawRepresentable, Hashable, Sendable {
        package let rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let pxeExtensions = Self(rawValue: 0x10)
        package static let iscsi = Self(rawValue: 0x11)
        package static let ataOverEthernet = Self(rawValue: 0x12)
        package static let http = Self(rawValue: 0x13)
        package static let https = Self(rawValue: 0x14)
        package static let tftp = Self(rawValue: 0x15)
        package static let dns = Self(rawValue: 0x17)
        package static let bzImage = Self(rawValue: 0x18)
        package static let multiboot = Self(rawValue: 0x19)
        package static let pxe = Self(rawValue: 0x21)
        package static let elf = Self(rawValue: 0x22)
        package static let efi = Self(rawValue: 0x24)
        package static let vlan = Self(rawValue: 0x26)
        package static let menu = Self(rawValue: 0x27)
    }

    package static let noProxyDHCP: UInt8 = 0xb0
    package static let busIdentifier: UInt8 = 0xb1
    package static let version: UInt8 = 0xeb

    package let suboptions: DHCPSuboptions

    package init?(decoding bytes: some Collection<UInt8>) {
        guard let suboptions = DHCPSuboptions(decoding: bytes, framing: .marked) else { return nil }
        self.suboptions = suboptions
    }

    /// Features come as one byte; zero means no.
    package func supports(_ feature: Feature) -> Bool { suboptions[feature.rawValue]?.contains { $0 != 0 } ?? false }

    /// Major, minor and patch: 1.0.0 for releases of the 1.0 line and most builds since.
    package var version: [UInt8] { suboptions[Self.version].map(Array.init) ?? [] }

    /// A server's answer that spares iPXE its two seconds of waiting for proxyDHCP offers.
    package static let withoutProxyDHCP: [UInt8] = [noProxyDHCP, 1, 1]
}

extension DHCPMessage {
    /// Option 175; `nil` when absent or malformed.
    package var ipxeEncapsulated: IPXEOptions? { options[.ipxeEncapsulated].flatMap { IPXEOptions(decoding: $0) } }
}
