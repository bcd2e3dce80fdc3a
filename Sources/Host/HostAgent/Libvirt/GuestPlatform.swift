import CLibvirt
import Glibc
import GuestXML

/// What guests run on here, as a domain definition names it.
package struct GuestPlatform: Sendable, Hashable {
    /// `kvm`; `qemu` where there is no KVM and instructions are translated; `test` for libvirt's test driver.
    package var domainType: String
    package var architecture: String
    /// Pinned (`pc-q35-10.0`, not `q35`): a guest that outlives its hypervisor's image must find the same machine in the next one.
    package var machine: String?
    package var emulator: String?

    package init(domainType: String, architecture: String = "x86_64", machine: String? = nil, emulator: String? = nil) {
        (self.domainType, self.architecture, self.machine, self.emulator) = (domainType, architecture, machine, emulator)
    }

    /// Asks libvirt what this emulator can do.
    static func probe(_ libvirt: LibvirtConnection, root: HostRoot) throws(HostFailure) -> GuestPlatform {
        try libvirt.with { connection throws(LibvirtFailure) in
            if let type = virConnectGetType(connection), String(cString: type) == "TEST" {
                return GuestPlatform(domainType: "test", architecture: "i686")
            }
            let types = hasKVM(root) ? ["kvm", "qemu"] : ["qemu"]
            for type in types {
                guard let text = virConnectGetDomainCapabilities(connection, nil, "x86_64", "q35", type, 0) else { continue }
                defer { free(text) }
                guard let capabilities = VerbatimXML(String(cString: text)) else { continue }
                return GuestPlatform(
                    domainType: type, machine: capabilities.text(of: "machine") ?? "q35", emulator: capabilities.text(of: "path"))
            }
            throw LibvirtFailure.last("no emulator here runs x86_64 guests")
        }
    }

    /// udev loads it as well, at a time of its own: a guest must not start without KVM because it was faster.
    private static func loadModule(_ processor: [Substring], in root: HostRoot) {
        guard !root.exists("/dev/kvm") else { return }
        let flags = processor.first { $0.hasPrefix("flags") }?.split(separator: " ") ?? []
        for (flag, module) in [("vmx", "kvm_intel"), ("svm", "kvm_amd")] where flags.contains(Substring(flag)) {
            try? Command("/usr/sbin/modprobe", [module]).run(in: root)
        }
    }

    /// True when a virtual machine can be made with /dev/kvm; the device alone says little (a disabled BIOS setting, a container).
    package static func hasKVM(_ root: HostRoot) -> Bool {
        let processor = (try? root.read("/proc/cpuinfo")).flatMap { $0 }.map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
        // Where the processor is emulated, its virtualization is too: translating is faster, and known to work.
        guard !processor.contains(where: { $0.hasPrefix("model name") && $0.contains("QEMU TCG") }) else { return false }
        loadModule(processor, in: root)
        let device = open(root.path("/dev/kvm"), O_RDWR | O_CLOEXEC)
        guard device >= 0 else { return false }
        defer { close(device) }
        // KVM_CREATE_VM, _IO(0xAE, 0x01) in linux/kvm.h.
        let machine = ioctl(device, 0xAE01, 0)
        guard machine >= 0 else { return false }
        close(machine)
        return true
    }
}
