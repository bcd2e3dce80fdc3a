/// Finds out whether KVM works by using it: `/dev/kvm` may exist, open and even start a guest on a computer where no real system would
/// boot.
enum AcceleratorProbe {
    /// A boot sector that writes `K` to the debug port 0xe9, then asks the exit device at 0xf4 for exit status 33.
    static let bootSector: [UInt8] =
        [0xb0, UInt8(ascii: "K"), 0xe6, 0xe9, 0xb0, 0x10, 0xe6, 0xf4, 0xfa, 0xf4, 0xeb, 0xfd]
        + [UInt8](repeating: 0, count: 498) + [0x55, 0xaa]

    /// QEMU's exit status for 0x10 written to `isa-debug-exit`: the value doubled plus one.
    static let successStatus: Int32 = 33

    /// `kvm` when the boot sector ran under it within five seconds (it takes a tenth of one), otherwise `tcg`. Nothing is remembered: a
    /// virtual machine that was moved may have lost what it had.
    static func choose(scratch: String, plan: RackPlan) async -> Accelerator {
        guard SmallFile.exists("/dev/kvm") else { return .tcg }
        return await works(.kvm, scratch: scratch, processors: plan.processors) ? .kvm : .tcg
    }

    static func works(_ accelerator: Accelerator, scratch: String, processors: Int) async -> Bool {
        let disk = "\(scratch)/probe.img"
        let port = "\(scratch)/probe.out"
        guard (try? SmallFile.replace(disk, with: bootSector)) != nil, (try? SmallFile.replace(port, with: [])) != nil else { return false }
        // The same processor as the hosts': where `-cpu max` aborts, a plainer one would have passed.
        let machine = HypervisorArguments.machine(firmware: .bios, accelerator: accelerator, memory: 64, processors: processors)
        let devices = [
            "-drive", "if=ide,format=raw,file=\(HypervisorArguments.escape(disk))",
            "-chardev", "file,id=p,path=\(HypervisorArguments.escape(port))", "-device", "isa-debugcon,iobase=0xe9,chardev=p",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        ]
        let result = try? await Command.run([Preflight.hypervisor] + machine + devices, timeLimit: .seconds(5))
        return result?.exitCode == successStatus && SmallFile.text(port) == "K"
    }
}
