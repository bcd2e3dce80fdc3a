package import DHCPWire

/// Which network boot program each kind of firmware loads.
package struct LoaderTable: Sendable, Hashable {
    /// File names of our boot server by architecture type.
    package var files: [ClientArchitecture: String]

    package init(files: [ClientArchitecture: String]) { self.files = files }

    /// iPXE as Debian builds it. `snponly.efi` uses the firmware's own network driver, which has just proved that it works here;
    /// types 7 and 9 both mean x86-64, because firmware follows RFC 4578 before or after its erratum.
    package static let ipxe = LoaderTable(files: [
        .x86BIOS: "undionly.kpxe",
        .x64UEFI: "snponly.efi",
        .efiByteCode: "snponly.efi",
        .x64UEFIHTTP: "snponly.efi",
        .efiByteCodeHTTP: "snponly.efi",
    ])

    /// `nil` for an architecture that nothing was built for: a wrong program makes boot loops, so there is no default.
    package func file(for architecture: ClientArchitecture?) -> String? { architecture.flatMap { files[$0] } }
}
