import FoundationEssentials

/// A running QEMU as it shows itself in /proc, in /sys, and in libvirt's definition of the guest.
package struct EmulatorProcess: Sendable {
    package var arguments: [String]
    package var environment: [String]
    /// `/machine.slice/machine-qemu\x2d1\x2ddb.scope/libvirt/emulator`.
    package var controlGroup: String
    /// Processors that it is bound to, as the kernel writes them; `nil` for all.
    package var processors: String?
    /// Network devices of taps, by descriptor.
    package var taps: [Int32: EmulatorLaunch.Tap]

    package init(
        arguments: [String], environment: [String] = [], controlGroup: String, processors: String? = nil, taps: [Int32: EmulatorLaunch.Tap] = [:]
    ) {
        (self.arguments, self.environment, self.controlGroup, self.taps) = (arguments, environment, controlGroup, taps)
        self.processors = processors
    }

    package init?(_ process: Int32, in root: HostRoot) {
        func words(_ file: String) -> [String]? {
            guard let bytes = (try? root.read("/proc/\(process)/\(file)")).flatMap({ $0 }), !bytes.isEmpty else { return nil }
            return bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
        }
        guard let arguments = words("cmdline"), let group = root.line("/proc/\(process)/cgroup")?.split(separator: "\n").first?.dropFirst(3) else {
            return nil
        }
        var taps: [Int32: EmulatorLaunch.Tap] = [:]
        for name in root.list("/proc/\(process)/fd") where root.linkName("/proc/\(process)/fd/\(name)") == "tun" {
            let lines = root.line("/proc/\(process)/fdinfo/\(name)")?.split(separator: "\n") ?? []
            guard let number = Int32(name), let line = lines.first(where: { $0.hasPrefix("iff:") }) else { continue }
            let device = String(line.dropFirst(4).drop { $0 == "\t" || $0 == " " })
            taps[number] = EmulatorLaunch.Tap(device, in: root)
        }
        let allowed = root.line("/proc/\(process)/status")?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.dropFirst(18)
        let bound = allowed.map { String($0.drop { $0 == "\t" || $0 == " " }) }.flatMap { list in
            ProcessorList(list) == root.line("/sys/devices/system/cpu/online").flatMap { ProcessorList($0) } ? nil : list
        }
        self.init(
            arguments: arguments, environment: words("environ") ?? [], controlGroup: String(group), processors: bound, taps: taps)
    }

    /// systemd's escapes of a unit's name (systemd.unit(5), string escaping).
    var machine: String? {
        guard let scope = controlGroup.split(separator: "/").first(where: { $0.hasPrefix("machine-") && $0.hasSuffix(".scope") }) else { return nil }
        var name: [UInt8] = []
        var rest = Array(scope.dropFirst(8).dropLast(6).utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), rest.first == UInt8(ascii: "x"), rest.count >= 3,
                let code = UInt8(String(decoding: rest.dropFirst().prefix(2), as: UTF8.self), radix: 16)
            else {
                name.append(byte)
                continue
            }
            rest = rest.dropFirst(3)
            name.append(code)
        }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }
}

extension EmulatorLaunch.Tap {
    fileprivate init?(_ name: String, in root: HostRoot) {
        let device = "/sys/class/net/\(name)"
        guard let flags = root.line("\(device)/tun_flags")?.dropFirst(2), let bits = UInt32(flags, radix: 16),
            let mac = root.line("\(device)/address")
        else { return nil }
        // IFF_TAP, IFF_NO_PI, IFF_VNET_HDR, IFF_MULTI_QUEUE: what the device is; the rest is what became of it.
        self.init(
            name: name, flags: UInt16(bits & 0x5102), hardwareAddress: mac, mtu: root.line("\(device)/mtu").flatMap { Int($0) } ?? 1500,
            bridge: root.linkName("\(device)/master"))
    }
}
