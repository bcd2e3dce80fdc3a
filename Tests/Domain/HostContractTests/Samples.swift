import HostContract
import Primitives

/// One value of every type that agent and servers exchange, with every field set.
enum Samples {
    static let mac = HardwareAddress(value: 0x5254_0077_0001)
    static let uuid = UniversalUniqueIdentifier(high: 0x1122_3344_5566_7788, low: 0x99aa_bbcc_ddee_ff00)
    static let prefix = IPv4Interface("10.78.0.5/24")

    static let claim = BootClaim(
        boot: "b-aaaaaaaaaaaaaaaa", uuid: uuid.description, macs: [mac], nonce: "00112233445566778899aabbccddeeff",
        evidence: BootClaim.Evidence(type: "token", value: "secret"))
    static let grant = ClaimGrant(
        host: "h-aaaaaaaaaaaaaaaa", boot: "b-aaaaaaaaaaaaaaaa", credential: "c1", machineID: "00112233445566778899aabbccddeeff")
    static let configuration = HostConfiguration(
        site: "lab", host: "h-aaaaaaaaaaaaaaaa", boot: "b-aaaaaaaaaaaaaaaa", nonce: "00112233445566778899aabbccddeeff", revision: 7,
        settings: settings, bootHash: "b0", liveHash: "11")
    static let envelope = SignedEnvelope(payload: "e30=", signature: "c2ln")
    static let progress = ProgressReport(events: [
        ProgressReport.Event(name: "root-verified", detail: "1.2 s"), ProgressReport.Event(name: "agent-started"),
    ])
    static let problem = APIProblem(
        code: "claim-taken", message: "cannot claim boot b-aaaaaaaaaaaaaaaa: it was claimed", cause: "another nonce")
    static let status = StatusReport(
        revision: 7, bootHash: "b0", liveHash: "11",
        items: [
            ItemStatus(item: ItemKey(kind: "bridge", name: "br0"), state: .inForce),
            ItemStatus(item: ItemKey(kind: "file", name: "/etc/motd"), state: .changed, detail: "content"),
            ItemStatus(item: ItemKey(kind: "guest", name: "web"), state: .failed, detail: "no such disk"),
        ],
        guests: [GuestStatus(name: "web", state: "running", processID: 4711), GuestStatus(name: "off", state: "shut off")],
        operational: false,
        agentVersion: "0.1.0", memoryUsed: 123_456_789, uptime: 12.5)
    static let inventory = Inventory(
        system: Inventory.System(manufacturer: "QEMU", product: "Standard PC", serial: "s1", uuid: uuid),
        processor: Inventory.Processor(model: "A CPU", count: 8, sockets: 1, virtualization: "vmx"), memoryBytes: 8 << 30,
        memoryMap: [Inventory.MemoryRange(start: 0, end: 0x9fbff, kind: "System RAM")],
        interfaces: [Inventory.NetworkInterface(name: "eno1", hardwareAddress: mac, driver: "virtio_net", hasCarrier: true, speed: 1000)],
        disks: [Inventory.Disk(name: "vda", bytes: 1 << 30, model: "d")], firmware: .uefi, kernel: "6.12", hasKVM: true, hasTPM: false)

    static let settings = HostSettings(
        hostName: "h1", timeServers: ["10.77.0.1"], authorizedKeys: [AuthorizedKey("ssh-ed25519 AAAA operator@lab")],
        bridges: [
            Bridge(name: "br0", ports: ["boot"], addressing: .dhcp), Bridge(name: "br1", ports: [], addressing: .none),
            Bridge(
                name: "br2", ports: ["eno2"],
                addressing: .fixed(
                    prefix.map { [$0] } ?? [], gateway: IPv4Address(10, 78, 0, 1), nameServers: [IPv4Address(10, 78, 0, 1)]), mtu: 9000),
        ],
        files: [File(path: "/etc/motd", content: "hello\n", mode: 0o600)], sysctls: [Sysctl(name: "net.ipv4.ip_forward", value: "1")],
        networks: [GuestNetwork(name: "lan", bridge: "br0"), GuestNetwork(name: "nat", xml: "<network/>")],
        storagePools: [StoragePool(name: "images", path: "/var/lib/libvirt/images"), StoragePool(name: "shared", xml: "<pool/>")],
        guests: [
            Guest(
                name: "web", uuid: uuid, memoryMiB: 256, vcpus: 2,
                disks: [Guest.Disk(source: "/web.raw", format: "raw", sizeMiB: 1, content: "aGVsbG8=")],
                interfaces: [Guest.Interface(network: "lan", hardwareAddress: mac), Guest.Interface(bridge: "br0")], xml: "<domain/>",
                placement: Guest.Placement(host: "h-aaaaaaaaaaaaaaaa", generation: 3))
        ], kernelArguments: ["hugepages=64"])
}
