import FleetModel

/// The Debian packages of a boot image, by what they are for. Dependencies follow; recommended packages do not.
enum StandardPackages {
    static let suite = "trixie"

    static let root = [
        // The system itself.
        "systemd", "systemd-sysv", "systemd-timesyncd", "udev", "dbus", "kmod", "libstdc++6",
        // A host's network and its repair.
        "iproute2", "ethtool", "nftables", "iputils-ping",
        // Guests.
        "qemu-system-x86", "qemu-utils", "libvirt-daemon", "libvirt-daemon-driver-qemu", "libvirt-daemon-driver-network",
        "libvirt-daemon-driver-storage",
        "libvirt-daemon-driver-secret", "libvirt-daemon-lock", "libvirt-daemon-plugin-lockd", "libvirt-clients",
        // The way in, the way to the next image, and the mark that lets guests outlive this one.
        "openssh-server", "kexec-tools", "attr",
        // Disks that a host may have after all.
        "e2fsprogs",
    ]

    /// The source packages that come along with one that is taken from the suite's backports.
    static func backported(with source: String) -> [String] {
        switch source {
        case "linux": ["linux", "linux-signed-amd64", "linux-base"]
        case "qemu": ["qemu", "seabios"]
        default: [source]
        }
    }

    /// Programs of the initrd: one static binary.
    static let initrd = ["busybox-static"]

    /// The network boot programs that a boot server hands to firmware.
    static let bootFiles = ["ipxe"]

    /// Title of each boot file and its path in the `ipxe` package.
    static let bootFilePaths = [
        "ipxe-amd64.efi": "usr/lib/ipxe/ipxe-amd64.efi",
        "ipxe-arm64.efi": "usr/lib/ipxe/ipxe-arm64.efi",
        "snponly.efi": "usr/lib/ipxe/snponly.efi",
        "undionly.kpxe": "usr/lib/ipxe/undionly.kpxe",
    ]

    static func kernelMetapackage(_ flavor: BootImageKernelFlavor) -> String {
        switch flavor {
        case .generic: "linux-image-amd64"
        case .cloud: "linux-image-cloud-amd64"
        }
    }

    /// Packages whose files the kernel's drivers ask for. Virtual hosts have no such devices.
    static func firmware(_ flavor: BootImageKernelFlavor) -> [String] {
        switch flavor {
        case .generic:
            [
                "firmware-bnx2", "firmware-bnx2x", "firmware-intel-misc", "firmware-linux-free", "firmware-misc-nonfree",
                "firmware-qlogic", "firmware-realtek",
            ]
        case .cloud: []
        }
    }

    static func microcode(_ flavor: BootImageKernelFlavor) -> [String] {
        switch flavor {
        case .generic: ["amd64-microcode", "intel-microcode"]
        case .cloud: []
        }
    }
}
