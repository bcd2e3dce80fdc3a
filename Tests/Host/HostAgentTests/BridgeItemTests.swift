import HostAgent
import HostContract
import Primitives
import Testing

@Suite struct BridgeItemTests {
    private static let bridge = Bridge(name: "br0", ports: ["boot"])
    private static let observed = Bridge.Observed(
        interfaces: ["ens3"], hardwareAddress: HardwareAddress("52:54:00:00:00:01"), files: [:], members: nil, routed: ["ens3"])

    @Test("the boot NIC's bridge takes its hardware address and its lease, in files that come before the initrd's")
    func files() throws {
        let plan = try Self.bridge.plan(Self.observed)
        var files: [String: String] = [:]
        for case .writeFile(let path, let content, _) in plan.actions { files[path] = String(decoding: content, as: UTF8.self) }
        #expect(files.keys.allSatisfy { ($0.split(separator: "/").last ?? "") < "05-boot.network" })
        #expect(files["/run/systemd/network/02-bennu-br0.netdev"]?.contains("MACAddress=52:54:00:00:00:01\n") == true)
        #expect(files["/run/systemd/network/02-bennu-br0.network"]?.contains("ClientIdentifier=mac\n") == true)
        #expect(files["/run/systemd/network/03-bennu-br0-ports.network"]?.contains("Name=ens3\n") == true)
        let ports = files["/run/systemd/network/03-bennu-br0-ports.network"]
        #expect(ports?.contains("Bridge=br0\n") == true && ports?.contains("SendRelease=no\n") == true)
    }

    @Test("a bridge is made, confirmed, left alone, and taken away again")
    func wholeLife() throws {
        let host = try TemporaryRoot()
        try host.nic("ens3", "52:54:00:00:00:01")
        try host.put("/proc/net/route", "Iface\tDestination\nens3\t0000000A\n")
        try host.program(
            "/usr/bin/networkctl",
            """
            case $1 in
            reload)
              if [ -e $R/run/systemd/network/02-bennu-br0.netdev ]; then
                mkdir -p $R/sys/class/net/br0/bridge $R/sys/class/net/br0/brif/ens3
                printf 'Iface\\tDestination\\nbr0\\t0000000A\\n' > $R/proc/net/route
              fi ;;
            delete) rm -r $R/sys/class/net/$2 ;;
            esac
            """)
        try host.program("/usr/sbin/ip")
        var converger = try host.converger()
        let settings = HostSettings(bridges: [Self.bridge])
        let first = converger.pass(over: settings, mayStartGuests: true, uptime: 1)
        #expect(first.items.map(\.state) == [.changed], "\(first.items)")
        #expect(host.trace == ["networkctl reload", "ip -4 address flush dev ens3"])
        #expect(converger.pass(over: settings, mayStartGuests: true, uptime: 2).actions.isEmpty)

        let gone = converger.pass(over: HostSettings(), mayStartGuests: true, uptime: 3)
        #expect(gone.isInForce, "\(gone.items)")
        #expect(host.root.list("/run/systemd/network").isEmpty)
        #expect(host.trace.suffix(2) == ["networkctl delete br0", "networkctl reload"])
        #expect(converger.memory.items.isEmpty)
    }

    @Test("a bridge that gets no address is put back, so that the host keeps the way it had")
    func putsBack() throws {
        let host = try TemporaryRoot()
        try host.nic("ens3", "52:54:00:00:00:01")
        try host.put("/proc/net/route", "Iface\tDestination\nens3\t0000000A\n")
        try host.program("/usr/bin/networkctl", "[ $1 = delete ] || mkdir -p $R/sys/class/net/br0/bridge $R/sys/class/net/br0/brif/ens3")
        var converger = try host.converger(bridgePatience: .zero)
        let pass = converger.pass(over: HostSettings(bridges: [Self.bridge]), mayStartGuests: true, uptime: 1)
        #expect(pass.items.first?.detail.hasPrefix("not-effective: br0 has no address") == true, "\(pass.items)")
        #expect(host.root.list("/run/systemd/network").isEmpty)
        #expect(host.trace == ["networkctl reload", "networkctl delete br0", "networkctl reload"])
    }

    @Test("a port that is not there is named, and nothing is touched", arguments: ["boot", "eno9", "52:54:00:00:00:99", ""])
    func missingPort(port: String) throws {
        let host = try TemporaryRoot()
        try host.nic("ens3", "52:54:00:00:00:77")
        var converger = try host.converger()
        let pass = converger.pass(over: HostSettings(bridges: [Bridge(name: "br0", ports: [port])]), mayStartGuests: true, uptime: 1)
        #expect(pass.items.first?.detail == "missing: no interface is \(port)")
        #expect(pass.actions.isEmpty)
    }

    @Test("a fixed address, a gateway and name servers reach networkd; no address asks for none")
    func addressing() throws {
        let fixed = Bridge(
            name: "br1", ports: [],
            addressing: .fixed(
                [try #require(IPv4Interface("10.1.0.2/24"))], gateway: IPv4Address(10, 1, 0, 1), nameServers: [IPv4Address(10, 1, 0, 3)]),
            mtu: 9000)
        let empty = Bridge.Observed(interfaces: [], hardwareAddress: nil, files: [:], members: nil, routed: [])
        let text = try fixed.plan(empty).actions.map { action in
            if case .writeFile(_, let content, _) = action { String(decoding: content, as: UTF8.self) } else { "" }
        }.joined()
        for line in ["Address=10.1.0.2/24", "Gateway=10.1.0.1", "DNS=10.1.0.3", "MTUBytes=9000"] { #expect(text.contains(line + "\n")) }
        #expect(!text.contains("DHCP="))
        #expect(!text.contains("MACAddress="))
    }
}
