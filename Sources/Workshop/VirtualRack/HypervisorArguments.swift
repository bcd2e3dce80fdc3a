/// QEMU's command line for one host. Pure: what is tested here is what runs.
struct HypervisorArguments {
    let rack: RackRecord
    let host: VirtualHost
    let files: VirtualHostFiles
    let flash: Firmware.Flash?

    /// Everything after the program's name.
    var all: [String] {
        identity
            + Self.machine(
                firmware: host.firmware, accelerator: rack.accelerator, memory: rack.memoryMebibytes, processors: rack.processors)
            + nodes + lifetime + serialPort + firmware + watchdog + trustedModule + network + disk
    }

    /// Also what the accelerator probe uses: an accelerator may start one kind of processor and abort on another.
    static func machine(firmware: Firmware, accelerator: Accelerator, memory: Int, processors: Int) -> [String] {
        // graphics=off is what -nographic does to firmware: its console goes to the serial port.
        return [
            "-machine", firmware.usesFlash ? "q35,graphics=off" : "pc,graphics=off", "-cpu", processor(accelerator), "-m", "\(memory)", "-smp",
            "\(processors)", "-nodefaults", "-no-user-config", "-display", "none",
        ] + execution(accelerator)
    }

    private static func execution(_ accelerator: Accelerator) -> [String] {
        switch accelerator {
        case .kvm: ["-accel", "kvm"]
        case .tcg: ["-accel", "tcg,thread=multi"]
        // Where nothing runs, time passes as elsewhere: the network is no part of it.
        case .counted: ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=on", "-rtc", "base=utc,clock=vm"]
        }
    }

    /// Translated, an instruction that stores many bytes is a loop of them: a kernel that takes it for fast (ERMS) needs milliseconds to clear a
    /// page in which programs were. A fifth level of page tables is one more to walk.
    private static func processor(_ accelerator: Accelerator) -> String { accelerator == .kvm ? "max" : "max,erms=off,la57=off" }

    /// One is no node at all.
    private var nodes: [String] {
        let count = host.nodes ?? 1
        guard count > 1 else { return [] }
        func share(_ whole: Int, _ number: Int) -> Range<Int> { whole * number / count..<whole * (number + 1) / count }
        return (0..<count).flatMap { number -> [String] in
            let processors = share(rack.processors, number)
            return [
                "-object", "memory-backend-ram,id=m\(number),size=\(share(rack.memoryMebibytes, number).count)M",
                "-numa", "node,nodeid=\(number),memdev=m\(number),cpus=\(processors.lowerBound)-\(processors.upperBound - 1)",
            ]
        }
    }

    private var identity: [String] {
        [
            "-name", rack.name.marker(of: host.name), "-uuid", "\(host.uuid)",
            "-smbios", "type=1,product=Bennu virtual host,serial=\(rack.name)-\(host.name)",
        ]
    }

    private var lifetime: [String] {
        ["-daemonize", "-pidfile", files.pid, "-qmp", "unix:\(Self.escape(files.monitor)),server=on,wait=off"]
    }

    private var serialPort: [String] {
        [
            "-chardev",
            "socket,id=s0,path=\(Self.escape(files.console)),server=on,wait=off,logfile=\(Self.escape(files.serialLog)),logappend=on",
            "-serial", "chardev:s0",
        ]
    }

    private var firmware: [String] {
        guard host.firmware.usesFlash, let flash else { return [] }
        var arguments = [
            "-drive", "if=pflash,format=raw,unit=0,readonly=on,file=\(Self.escape(flash.code))",
            "-drive", "if=pflash,format=raw,unit=1,file=\(Self.escape(files.variables))",
        ]
        if host.firmware == .uefiHTTP {
            for name in ["IPv4PXESupport", "IPv6PXESupport"] { arguments += ["-fw_cfg", "name=opt/org.tianocore/\(name),string=n"] }
        }
        return arguments
    }

    /// The kind that drivers of every kernel know; the operating system arms it.
    private var watchdog: [String] { ["-device", "i6300esb", "-action", "watchdog=reset"] }

    private var trustedModule: [String] {
        guard host.hasTPM == true else { return [] }
        return [
            "-chardev", "socket,id=t0,path=\(Self.escape(files.tpm))", "-tpmdev", "emulator,id=tpm0,chardev=t0", "-device", "tpm-crb,tpmdev=tpm0",
        ]
    }

    private var network: [String] {
        zip(host.hardwareAddresses, host.taps).enumerated().flatMap { index, card -> [String] in
            var device = "virtio-net-pci,netdev=n\(index),mac=\(card.0)"
            if index == 0 { device += ",bootindex=0" }
            // The card's ROM is iPXE, which UEFI would run in place of its own network stack, and which only the first card needs.
            if index > 0 || host.firmware.usesFlash { device += ",romfile=" }
            return ["-netdev", "tap,id=n\(index),ifname=\(card.1),script=no,downscript=no", "-device", device]
        }
    }

    private var disk: [String] {
        guard host.diskBytes != nil else { return [] }
        return [
            "-drive", "if=none,id=d0,format=raw,discard=unmap,file=\(Self.escape(files.disk))",
            "-device", "virtio-blk-pci,drive=d0,serial=\(rack.name)-\(host.name)",
        ]
    }

    /// A comma ends a value in QEMU's options unless it is doubled.
    static func escape(_ path: String) -> String {
        path.split(separator: ",", omittingEmptySubsequences: false).joined(separator: ",,")
    }
}
