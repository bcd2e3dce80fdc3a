import Glibc

/// Looks for everything a rack needs before any of it is made, and tells all that is missing at once.
enum Preflight {
    static let hypervisor = "qemu-system-x86_64"

    static func missing(for plan: RackPlan) -> [MissingPart] {
        var missing: [MissingPart] = []
        func require(_ present: Bool, _ what: String, _ remedy: String) {
            if !present { missing.append(MissingPart(what: what, remedy: remedy)) }
        }
        require(Command.locate(hypervisor) != nil, hypervisor, "install qemu-system-x86")
        require(Command.locate("ip") != nil, "ip", "install iproute2")
        if plan.hasTPM { require(Command.locate(TrustedModule.program) != nil, TrustedModule.program, "install swtpm") }
        switch plan.firmware {
        case .bios:
            require(Firmware.networkROMCandidates.contains(where: SmallFile.isReadable), "efi-virtio.rom (iPXE)", "install ipxe-qemu")
        case .uefi, .uefiHTTP:
            require(Firmware.installedFlash() != nil, "OVMF_CODE_4M.fd and OVMF_VARS_4M.fd (UEFI firmware)", "install ovmf")
        }
        require(opensForWriting("/dev/net/tun"), "/dev/net/tun", "run as root; if it does not exist: modprobe tun")
        let status = SmallFile.text("/proc/self/status") ?? ""
        for (name, bit) in [("CAP_NET_ADMIN", 12), ("CAP_SYS_ADMIN", 21)] {
            require(hasCapability(bit, status: status), name, "run as root (for network namespaces, bridges and taps)")
        }
        return missing
    }

    /// Whether capability number `bit` (capabilities(7)) is in the effective set that `/proc/self/status` shows.
    static func hasCapability(_ bit: Int, status: String) -> Bool {
        let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
        guard let word = line?.split(whereSeparator: \.isWhitespace).last, let set = UInt64(word, radix: 16) else { return false }
        return set >> UInt64(clamping: bit) & 1 == 1
    }

    private static func opensForWriting(_ path: String) -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        if descriptor >= 0 { close(descriptor) }
        return descriptor >= 0
    }
}
