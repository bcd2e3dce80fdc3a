import Testing

@testable import VirtualRack

struct HypervisorArgumentsTests {
    private func arguments(directory: String = "/s/rack/h1", accelerator: Accelerator = .tcg, _ change: (inout RackPlan) -> Void = { _ in })
        -> [String]
    {
        var plan = RackPlan()
        change(&plan)
        let record = RackRecord(plan, accelerator: accelerator, bootIdentifier: "")
        let flash = Firmware.Flash(code: "/f/CODE.fd", variables: "/f/VARS.fd")
        return HypervisorArguments(rack: record, host: record.hosts[0], files: VirtualHostFiles(directory: directory), flash: flash).all
    }

    /// Values of all options of that name.
    private func values(_ option: String, _ arguments: [String]) -> [String] {
        arguments.indices.dropLast().filter { arguments[$0] == option }.map { arguments[$0 + 1] }
    }

    @Test("A BIOS host boots from its first card, whose ROM is iPXE")
    func bios() {
        let arguments = arguments { $0.interfaces = 2 }
        #expect(values("-machine", arguments) == ["pc,graphics=off"])
        #expect(values("-accel", arguments) == ["tcg,thread=multi"])
        #expect(
            values("-device", arguments) == [
                "i6300esb", "virtio-net-pci,netdev=n0,mac=52:54:00:b8:01:00,bootindex=0", "virtio-net-pci,netdev=n1,mac=52:54:00:b8:01:01,romfile=",
            ])
        #expect(values("-netdev", arguments).first == "tap,id=n0,ifname=h1n0,script=no,downscript=no")
        #expect(values("-drive", arguments).isEmpty)
        #expect(values("-name", arguments) == ["bennu-rack:rack:h1"])
    }

    @Test(
        "A UEFI host has flash of its own and no ROM on its card; only uefi-http switches PXE off", arguments: [Firmware.uefi, .uefiHTTP])
    func uefi(_ firmware: Firmware) {
        let arguments = arguments { $0.firmware = firmware }
        #expect(values("-machine", arguments) == ["q35,graphics=off"])
        #expect(
            values("-drive", arguments) == [
                "if=pflash,format=raw,unit=0,readonly=on,file=/f/CODE.fd", "if=pflash,format=raw,unit=1,file=/s/rack/h1/variables.fd",
            ])
        #expect(values("-device", arguments) == ["i6300esb", "virtio-net-pci,netdev=n0,mac=52:54:00:b8:01:00,bootindex=0,romfile="])
        #expect(values("-fw_cfg", arguments).count == (firmware == .uefiHTTP ? 2 : 0))
    }

    @Test("Counted, one processor is translated after the other, and instructions are the clock of all")
    func counted() {
        let counted = arguments(accelerator: .counted)
        #expect(values("-accel", counted) == ["tcg,thread=single"] && values("-icount", counted) == ["shift=0,sleep=on"])
        #expect(values("-rtc", counted) == ["base=utc,clock=vm"])
        #expect(values("-cpu", counted) == values("-cpu", arguments()))
        #expect(values("-cpu", arguments(accelerator: .kvm)) == ["max"])
    }

    @Test("Every host has a watchdog that resets it; a TPM has one that is asked to")
    func watchdogAndTPM() {
        #expect(values("-action", arguments()) == ["watchdog=reset"] && values("-tpmdev", arguments()).isEmpty)
        let arguments = arguments(directory: "/s,x/rack/h1") { $0.hasTPM = true }
        #expect(values("-tpmdev", arguments) == ["emulator,id=tpm0,chardev=t0"])
        #expect(values("-chardev", arguments).last == "socket,id=t0,path=/s,,x/rack/h1/tpm")
        #expect(values("-device", arguments).contains("tpm-crb,tpmdev=tpm0"))
    }

    @Test("A comma in a path does not end QEMU's option")
    func comma() {
        let arguments = arguments(directory: "/s,x/rack/h1") { $0.diskBytes = 1 << 30 }
        #expect(values("-qmp", arguments) == ["unix:/s,,x/rack/h1/monitor,server=on,wait=off"])
        #expect(values("-drive", arguments) == ["if=none,id=d0,format=raw,discard=unmap,file=/s,,x/rack/h1/disk"])
    }

    @Test("The network is silent: no spanning tree, no multicast queries, no link-local addresses")
    func network() {
        var plan = RackPlan()
        plan.hosts = 2
        let record = RackRecord(plan, accelerator: .tcg, bootIdentifier: "")
        #expect(
            Rack.networkCommands(record, avoidingIPv6: true) == """
                link set lo up
                link add rack0 address 52:54:00:b8:00:00 type bridge stp_state 0 forward_delay 0 mcast_snooping 0
                link set dev rack0 addrgenmode none
                address add 10.77.0.1/24 brd + dev rack0
                link set dev rack0 up
                tuntap add dev h1n0 mode tap
                link set dev h1n0 addrgenmode none
                link set dev h1n0 master rack0 up
                tuntap add dev h2n0 mode tap
                link set dev h2n0 addrgenmode none
                link set dev h2n0 master rack0 up

                """)
        #expect(!Rack.networkCommands(record, avoidingIPv6: false).contains("addrgenmode"))
    }
}
