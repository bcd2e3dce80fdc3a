/// What a virtual host starts with before any of our bytes reach it.
package enum Firmware: String, Codable, CaseIterable, Sendable {
    /// SeaBIOS and the network card's own iPXE.
    case bios
    /// OVMF, booting by PXE (TFTP).
    case uefi
    /// OVMF with PXE switched off, so that its first attempt is UEFI HTTP boot.
    case uefiHTTP = "uefi-http"

    /// An OVMF build: the code that QEMU maps read-only, and the empty variable store that every host gets a copy of.
    struct Flash: Hashable, Sendable {
        let code: String
        let variables: String
    }

    /// Where distributions put a matching pair: Debian and Ubuntu, Fedora, Arch.
    static let flashCandidates = [
        Flash(code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd"),
        Flash(code: "/usr/share/edk2/ovmf/OVMF_CODE.fd", variables: "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
        Flash(code: "/usr/share/edk2/x64/OVMF_CODE.4m.fd", variables: "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
    ]

    /// The first pair that is installed.
    static func installedFlash() -> Flash? {
        flashCandidates.first { SmallFile.isReadable($0.code) && SmallFile.isReadable($0.variables) }
    }

    /// Where QEMU looks for `efi-virtio.rom`, which is iPXE for BIOS and UEFI in one file.
    static let networkROMCandidates = [
        "/usr/lib/ipxe/qemu/efi-virtio.rom", "/usr/share/qemu/efi-virtio.rom", "/usr/share/ipxe/qemu/efi-virtio.rom",
    ]

    var usesFlash: Bool { self != .bios }
}
