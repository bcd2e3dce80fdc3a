import Glibc
import Primitives

/// The host's end of a guest's network card, made before there is a bridge to plug it into.
struct TapDevice {
    let root: HostRoot
    let tap: EmulatorLaunch.Tap

    /// Requests of netdevice(7) and linux/if_tun.h.
    private enum Request: UInt {
        case setFlags = 0x8914  // SIOCSIFFLAGS
        case setMTU = 0x8922  // SIOCSIFMTU
        case setHardwareAddress = 0x8924  // SIOCSIFHWADDR
        case setInterface = 0x4004_54ca  // TUNSETIFF
    }

    /// ARPHRD_ETHER (net/if_arp.h).
    private static let ethernet: UInt16 = 1
    /// IFF_UP (netdevice(7)).
    private static let up: UInt16 = 1

    /// - Returns: a descriptor for QEMU.
    func make() throws(HostFailure) -> Int32 {
        let descriptor = Glibc.open(root.path("/dev/net/tun"), O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw HostRoot.failure(.missing, "cannot open /dev/net/tun", errno) }
        do throws(HostFailure) {
            try ask(.setInterface, descriptor, bytes(of: tap.flags))
            try configure()
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private func configure() throws(HostFailure) {
        guard let address = HardwareAddress(tap.hardwareAddress) else {
            throw HostFailure(.invalidItem, "\(tap.hardwareAddress) is no hardware address for \(tap.name)")
        }
        let socket = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw HostRoot.failure(.unwritable, "cannot make a socket", errno) }
        defer { close(socket) }
        try ask(.setHardwareAddress, socket, bytes(of: Self.ethernet) + address.bytes)
        try ask(.setMTU, socket, bytes(of: Int32(clamping: tap.mtu)))
        try ask(.setFlags, socket, bytes(of: Self.up))
    }

    private func bytes(of number: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }

    /// - Parameter value: behind the name in `struct ifreq`, which has 16 bytes with its zero.
    private func ask(_ request: Request, _ descriptor: Int32, _ value: [UInt8]) throws(HostFailure) {
        var bytes = [UInt8](repeating: 0, count: 40)
        bytes.replaceSubrange(0..<15, with: (Array(tap.name.utf8) + [UInt8](repeating: 0, count: 15)).prefix(15))
        bytes.replaceSubrange(16..<(16 + value.count), with: value)
        let code = bytes.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { ioctl(descriptor, request.rawValue, $0) } ?? -1 }
        guard code == 0 else { throw HostRoot.failure(.foreign, "cannot set up network device \(tap.name)", errno) }
    }

    /// Plugs it in as soon as its bridge is there.
    /// - Returns: false while there is none.
    func plugIn() throws(HostFailure) -> Bool {
        guard let bridge = tap.bridge, root.linkName("/sys/class/net/\(tap.name)/master") != bridge else { return true }
        guard root.exists("/sys/class/net/\(bridge)/bridge") else { return false }
        try Command("/usr/sbin/ip", ["link", "set", "dev", tap.name, "master", bridge, "up"]).run(in: root)
        return true
    }
}
