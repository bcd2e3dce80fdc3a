/// How a running QEMU was started, as far as it takes to start another one in its place without libvirt: first under a new kernel, long before
/// there is a libvirt to ask.
package struct EmulatorLaunch: Codable, Sendable, Hashable {
    /// What libvirt passes to QEMU as an open file, which an argument names by its number.
    package enum Descriptor: Codable, Sendable, Hashable {
        /// A Unix socket that listens.
        case socket(path: String)
        /// A file that is appended to.
        case log(path: String)
        case tap(Tap)
        case vhostNet
    }

    /// The host's end of a guest's network card.
    package struct Tap: Codable, Sendable, Hashable {
        package var name: String
        /// Of TUNSETIFF (linux/if_tun.h).
        package var flags: UInt16
        package var hardwareAddress: String
        package var mtu: Int
        /// That it is plugged into; `nil` for none.
        package var bridge: String?
        package init(name: String, flags: UInt16, hardwareAddress: String, mtu: Int = 1500, bridge: String?) {
            (self.name, self.flags, self.hardwareAddress, self.mtu, self.bridge) = (name, flags, hardwareAddress, mtu, bridge)
        }
    }

    /// Absolute path of the program, and its arguments; it waits for its state, and with that for the word to go on.
    package var arguments: [String]
    package var environment: [String]
    /// By the number that an argument has for it.
    package var descriptors: [Int32: Descriptor]
    /// libvirt's notes about the guest, which its next daemon finds it by.
    package var status: String
    /// The monitor that libvirt speaks to.
    package var monitor: String
    /// Another monitor, ours: libvirt's has one place only, and libvirt may have it.
    package var secondMonitor: String
    /// In systemd's machined, such as `qemu-1-db`.
    package var machine: String
    /// Where in the state file QEMU's own begins, in bytes: libvirt's is before that.
    package var stateOffset: Int
    /// libvirt's definition in the state file.
    package var definition: String

    /// Processors of the host that all of it is bound to, as the kernel writes them; `nil` for all.
    package var processors: String?
    /// File systems in the host that its disks lie in; `nil` is none, too.
    package var mounts: [LocalMount]?

    /// False for a guest that its operator has suspended.
    var wasRunning: Bool { status.contains("<domstatus state='running'") }
    var taps: [Tap] {
        descriptors.values.compactMap { descriptor in
            switch descriptor {
            case .tap(let tap): tap
            case .socket, .log, .vhostNet: nil
            }
        }
    }
}

/// Why a guest goes on by libvirt, later than others; one line, without the guest's name.
package struct NeedsLibvirt: Error, Hashable, Sendable {
    package var reason: String
    package init(reason: String) { self.reason = reason }
}
