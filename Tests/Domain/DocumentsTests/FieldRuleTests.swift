import Documents
import Testing

/// One row for each rule of a field: a spec that breaks it, and what is said about it.
@Suite("Each field refuses what it cannot mean, by name and place")
struct FieldRuleTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let kind: String
        let spec: String
        let expected: [String]
        var testDescription: String { "\(kind) \(spec)" }
        init(_ kind: String, _ spec: String, _ expected: String...) { (self.kind, self.spec, self.expected) = (kind, spec, expected) }
    }

    static let subnets: [Row] = [
        Row("Subnet", "{}", "spec.prefix missing-field"),
        Row("Subnet", "{prefix: 10.0.0.1/24}", "spec.prefix invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/31}", "spec.prefix invalid-value"),
        Row("Subnet", "{prefix: [10.0.0.0/24]}", "spec.prefix wrong-type"),
        Row("Subnet", "{prefix: 10.0.0.0/24, pools: 10.0.0.1-10.0.0.2}", "spec.pools wrong-type"),
        Row("Subnet", "{prefix: 10.0.0.0/24, pools: [10.0.0.9-10.0.0.2]}", "spec.pools[0] invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, pools: [10.0.0.9-10.0.1.2]}", "spec.pools[0] invalid-value"),
        Row(
            "Subnet", "{prefix: 10.0.0.0/24, pools: [10.0.0.0-10.0.0.2, 10.0.0.250-10.0.0.255]}", "spec.pools[0] invalid-value",
            "spec.pools[1] invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, pools: [10.0.0.5-10.0.0.9, 10.0.0.9-10.0.0.12]}", "spec.pools[1] overlap"),
        Row("Subnet", "{prefix: 10.0.0.0/24, routers: [10.0.1.1]}", "spec.routers[0] invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, nameServers: [dns.example]}", "spec.nameServers[0] invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, nameServers: [9.9.9.9, 9.9.9.9]}", "spec.nameServers[1] duplicate-item"),
        Row("Subnet", "{prefix: 10.0.0.0/24, domainName: -x}", "spec.domainName invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, leaseTime: 3600}", "spec.leaseTime invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, leaseTime: 9s}", "spec.leaseTime invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, leaseTime: 999999999999d}", "spec.leaseTime invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, exclude: [10.0.0.9-10.0.0.2, 10.0.0.1]}", "spec.exclude[0] invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, unknownPercent: 0}", "spec.unknownPercent invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, unknownPercent: 101}", "spec.unknownPercent invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, probeAddresses: sometimes}", "spec.probeAddresses invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, authoritative: perhaps}", "spec.authoritative invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, mode: proxy, authoritative: true}", "spec.authoritative conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, joinReplies: relays}", "spec.joinReplies invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, mode: external, joinReplies: true}", "spec.joinReplies conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, mode: proxy, probeServers: true}", "spec.probeServers conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, unknownPerCircuit: none}", "spec.unknownPerCircuit invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, downloads: 0}", "spec.downloads invalid-value"),
        Row("BootServer", "{downloads: 100001}", "spec.downloads invalid-value"),
        Row("BootServer", "{downloads: many}", "spec.downloads invalid-value"),
        Row("BootServer", "{}", "spec.downloads missing-field"),
        Row("BootServer", "{downloads: 0, loaders: []}", "spec.downloads invalid-value"),
        Row("BootServer", "{loaders: /a/b.efi}", "spec.loaders wrong-type"),
        Row("BootServer", "{loaders: [{}]}", "spec.loaders[0].architecture missing-field", "spec.loaders[0].file missing-field"),
        Row("BootServer", "{loaders: [{architecture: arm64, file: /a}]}", "spec.loaders[0].architecture invalid-value"),
        Row("BootServer", "{loaders: [{architecture: 65536, file: /a}]}", "spec.loaders[0].architecture invalid-value"),
        Row("BootServer", "{loaders: [{architecture: [11], file: /a}]}", "spec.loaders[0].architecture wrong-type"),
        Row("BootServer", "{loaders: [{architecture: 11, file: a.efi}]}", "spec.loaders[0].file invalid-value"),
        Row("BootServer", "{loaders: [{architecture: 11, file: /a/../b}]}", "spec.loaders[0].file invalid-value"),
        Row("BootServer", "{loaders: [{architecture: 11, file: /a, vendorClass: ''}]}", "spec.loaders[0].vendorClass invalid-value"),
        Row("BootServer", "{loaders: [{architecture: 11, file: /a, firmware: x}]}", "spec.loaders[0].firmware unknown-field"),
        Row("BootServer", "{loaders: [{architecture: 11, file: /a}, {architecture: 11, file: /b}]}", "spec.loaders[1] duplicate-item"),
        Row(
            "BootServer", "{loaders: [{architecture: 11, file: /a/x, vendorClass: P}, {architecture: 11, file: /b/x}]}",
            "spec.loaders[1] conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, repeatClientIdentifier: 61}", "spec.repeatClientIdentifier invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, terminateBootNames: NUL}", "spec.terminateBootNames invalid-value"),
        Row(
            "Subnet", "{prefix: 10.0.0.0/24, mode: external, repeatClientIdentifier: false, terminateBootNames: false}",
            "spec.repeatClientIdentifier conflicting-fields", "spec.terminateBootNames conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, mode: none}", "spec.mode invalid-value"),
        Row(
            "Subnet", "{prefix: 10.0.0.0/24, mode: external, routers: [10.0.0.1], leaseTime: 1h, unknownHosts: ignore}",
            "spec.routers conflicting-fields", "spec.leaseTime conflicting-fields", "spec.unknownHosts conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, mode: proxy, pools: [10.0.0.5-10.0.0.9], unknownHosts: ignore}", "spec.pools conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, sharedNetwork: -}", "spec.sharedNetwork invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, routes: [{to: 10.0.0.0/8}]}", "spec.routes[0].via missing-field"),
        Row("Subnet", "{prefix: 10.0.0.0/24, routes: [{to: 10.0.0.1/8, via: 10.0.0.1}]}", "spec.routes[0].to invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {interfaceMtu: 9000}}", "spec.options.interfaceMtu unknown-field"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {interfaceMTU: 70000}}", "spec.options.interfaceMTU invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {82: {hex: 00}}}", "spec.options.82 invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {3: {addresses: [10.0.0.1]}}}", "spec.options.3 invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {224: abc}}", "spec.options.224 wrong-type"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {224: {hex: abc}}}", "spec.options.224.hex invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {26: {unsigned16: 1500}, interfaceMTU: 9000}}", "spec.options.interfaceMTU duplicate-item"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {26: {text: abc}}}", "spec.options.26.text wrong-type"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {26: {unsigned32: 1500}}}", "spec.options.26.unsigned32 wrong-type"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {26: {hex: 0005dc}}}", "spec.options.26.hex invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {26: {unsigned16: 67}}}", "spec.options.26.unsigned16 invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {interfaceMTU: 67}}", "spec.options.interfaceMTU invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {netbiosNodeType: 3}}", "spec.options.netbiosNodeType invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {150: {text: tftp.example}}}", "spec.options.150.text wrong-type"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {150: {hex: 0a0000}}}", "spec.options.150.hex invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {staticRoutes: [10.1.0.1]}}", "spec.options.staticRoutes invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {staticRoutes: [0.0.0.0, 10.0.0.1]}}", "spec.options.staticRoutes invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {21: {addresses: [10.1.0.1]}}}", "spec.options.21.addresses invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {22: {unsigned16: 575}}}", "spec.options.22.unsigned16 invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {ipTimeToLive: 0}}", "spec.options.ipTimeToLive invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {tcpTimeToLive: 0}}", "spec.options.tcpTimeToLive invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {broadcastAddress: [10.0.0.255, 10.0.0.0]}}", "spec.options.broadcastAddress invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {timeOffset: 2147483648}}", "spec.options.timeOffset invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, options: {100: {hex: 410042}}}", "spec.options.100.hex invalid-value"),
        Row("Host", "{hardwareAddresses: ['52:54:00:00:00:01'], options: {119: {text: lab.example}}}", "spec.options.119.text wrong-type"),
        Row("Subnet", "{prefix: 10.0.0.0/24, reservations: [{address: 10.0.0.5}]}", "spec.reservations[0] missing-field"),
        Row(
            "Subnet", "{prefix: 10.0.0.0/24, reservations: [{address: 10.0.0.5, circuit: a, clientIdentifier: 0102}]}",
            "spec.reservations[0] conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, reservations: [{address: 10.0.1.5, circuit: a}]}", "spec.reservations[0].address invalid-value"),
        Row(
            "Subnet", "{prefix: 10.0.0.0/24, reservations: [{address: 10.0.0.5, clientIdentifier: 1}]}",
            "spec.reservations[0].clientIdentifier invalid-value"),
        Row(
            "Subnet", "{prefix: 10.0.0.0/24, reservations: [{address: 10.0.0.5, clientIdentifier: 0102, remote: a}]}",
            "spec.reservations[0].remote conflicting-fields"),
        Row("Subnet", "{prefix: 10.0.0.0/24, unknownHosts: accept}", "spec.unknownHosts invalid-value"),
        Row("Subnet", "{prefix: 10.0.0.0/24, unknownHosts: ignore, acceptUnknown: {image: kvm}}", "spec.acceptUnknown conflicting-fields"),
    ]

    static let images: [Row] = [
        Row("Image", "{}", "spec.reference missing-field"),
        Row("Image", "{reference: 'kvm:'}", "spec.reference invalid-value"),
        Row("Image", "{reference: kvm, digest: sha256:00}", "spec.digest invalid-value"),
        Row("Image", "{reference: kvm, kernelArguments: [a b]}", "spec.kernelArguments[0] invalid-value"),
        Row("Image", "{reference: kvm, kernelArguments: ['a=${x}']}", "spec.kernelArguments[0] invalid-value"),
        Row(
            "Image", "{reference: kvm, kernelArguments: ['||', \"a\\nb\", bennu.boot=x]}", "spec.kernelArguments[0] invalid-value",
            "spec.kernelArguments[1] invalid-value", "spec.kernelArguments[2] invalid-value"),
        Row(
            "Image", "{reference: kvm, kernelArguments: [bennu.patience=45, bennu.patience=9, bennu.patience=x]}",
            "spec.kernelArguments[1] invalid-value", "spec.kernelArguments[2] invalid-value"),
    ]

    static let settings: [Row] = [
        Row("Profile", "[]", "spec wrong-type"),
        Row("Profile", "{hostName: a}", "spec.hostName unknown-field"),
        Row("Profile", "{timeServers: [a_b]}", "spec.timeServers[0] invalid-value"),
        Row("Profile", "{authorizedKeys: [ssh-ed25519]}", "spec.authorizedKeys[0] invalid-value"),
        Row(
            "Profile", "{authorizedKeys: ['command=\"x\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJlbm51']}",
            "spec.authorizedKeys[0] invalid-value"),
        Row("Profile", "{bridges: [{}]}", "spec.bridges[0].name missing-field"),
        Row("Profile", "{bridges: [{name: abcdefghijklmnop}]}", "spec.bridges[0].name invalid-value"),
        Row("Profile", "{bridges: [{name: a}, {name: a}]}", "spec.bridges[1] duplicate-item"),
        Row("Profile", "{bridges: [{name: a, ports: [e1]}, {name: b, ports: [e1]}]}", "spec.bridges[1].ports[0] claimed-twice"),
        Row("Profile", "{bridges: [{name: a, ports: ['52:54:00:00:00:01', 52-54-00-00-00-01]}]}", "spec.bridges[0].ports[1] claimed-twice"),
        Row("Profile", "{bridges: [{name: a, dhcp: yes}]}", "spec.bridges[0].dhcp invalid-value"),
        Row("Profile", "{bridges: [{name: a, dhcp: true, addresses: [10.0.0.1/24]}]}", "spec.bridges[0].addresses conflicting-fields"),
        Row("Profile", "{bridges: [{name: a, gateway: 10.0.0.1}]}", "spec.bridges[0].gateway conflicting-fields"),
        Row("Profile", "{bridges: [{name: a, addresses: [10.0.0.1/24], gateway: 10.0.1.1}]}", "spec.bridges[0].gateway invalid-value"),
        Row("Profile", "{bridges: [{name: a, mtu: 65536}]}", "spec.bridges[0].mtu invalid-value"),
        Row("Profile", "{bridges: [{name: a, mtu: 99999999999999999999}]}", "spec.bridges[0].mtu invalid-value"),
        Row("Profile", "{files: [{path: etc, content: x}]}", "spec.files[0].path invalid-value"),
        Row("Profile", "{files: [{path: /a/../b, content: x}]}", "spec.files[0].path invalid-value"),
        Row("Profile", "{files: [{path: /a}]}", "spec.files[0].content missing-field"),
        Row("Profile", "{files: [{path: /a, content: x, mode: 888}]}", "spec.files[0].mode invalid-value"),
        Row("Profile", "{files: [{path: /a, content: x}, {path: /a, content: y}]}", "spec.files[1] duplicate-item"),
        Row("Profile", "{sysctls: [a]}", "spec.sysctls wrong-type"),
        Row("Profile", "{sysctls: {a.b: \"x\\ny\"}}", "spec.sysctls[\"a.b\"] invalid-value"),
        Row("Profile", "{sysctls: {a: 1, a: 2}}", "spec.sysctls.a duplicate-field"),
        Row("Profile", "{networks: [{name: a}]}", "spec.networks[0] missing-field"),
        Row(
            "Profile", "{networks: [{name: a, bridge: b, xml: <network><name>a</name></network>}]}",
            "spec.networks[0].xml conflicting-fields"),
        Row("Profile", "{networks: [{name: a, xml: <network><name>b</name></network>}]}", "spec.networks[0].xml invalid-value"),
        Row("Profile", "{networks: [{name: a, xml: <pool/>}]}", "spec.networks[0].xml invalid-value"),
        Row("Profile", "{storagePools: [{name: ../a, path: /a}]}", "spec.storagePools[0].name invalid-value"),
        Row("Profile", "{image: a:b:c}", "spec.image invalid-value"),
        Row("Profile", "{upgrade: {}}", "spec.upgrade missing-field"),
        Row("Profile", "{upgrade: soft}", "spec.upgrade wrong-type"),
        Row("Profile", "{upgrade: {methods: [soft]}}", "spec.upgrade.methods unknown-field", "spec.upgrade missing-field"),
        Row("Profile", "{upgrade: {allow: [soft], forbid: [cold]}}", "spec.upgrade.forbid conflicting-fields"),
        Row("Profile", "{upgrade: {allow: [soft, hot, soft]}}", "spec.upgrade.allow[1] invalid-value", "spec.upgrade.allow[2] duplicate-item"),
        Row("Profile", "{upgrade: {forbid: [live]}}", "spec.upgrade.forbid invalid-value"),
        Row("Profile", "{upgrade: {require: live}}", "spec.upgrade.require invalid-value"),
        Row("Profile", "{upgrade: {require: [soft]}}", "spec.upgrade.require wrong-type"),
        Row("Profile", "{guestMemory: 128MiB}", "spec.guestMemory invalid-value"),
        Row("Profile", "{guestMemory: 300MiB}", "spec.guestMemory invalid-value"),
        Row("Profile", "{guestMemory: 1G}", "spec.guestMemory invalid-value"),
        Row("Profile", "{guestMemory: [1GiB]}", "spec.guestMemory wrong-type"),
        Row("Profile", "{? [a] : b}", "spec wrong-type"),
    ]

    static let hosts: [Row] = [
        Row("Host", "{}", "spec missing-field"),
        Row("Host", "{hardwareAddresses: []}", "spec missing-field"),
        Row("Host", "{uuid: 00000000-0000-0000-0000-000000000000}", "spec.uuid invalid-value"),
        Row("Host", "{uuid: 03000200-0400-0500-0006-000700080009}", "spec.uuid invalid-value"),
        Row(
            "Host", "{hardwareAddresses: [ff:ff:ff:ff:ff:ff, 00:00:00:00:00:00]}", "spec.hardwareAddresses[0] invalid-value",
            "spec.hardwareAddresses[1] invalid-value"),
        Row("Host", "{hardwareAddresses: [52:54:00:00:00:01], address: 10.0.0.0/24}", "spec.address invalid-value"),
        Row("Host", "{hardwareAddresses: [52:54:00:00:00:01], hostName: A}", "spec.hostName invalid-value"),
        Row("Host", "{hardwareAddresses: [52:54:00:00:00:01], profiles: [a, a]}", "spec.profiles[1] duplicate-item"),
        Row("Host", "{hardwareAddresses: [52:54:00:00:00:01], profile: [a]}", "spec.profile unknown-field"),
    ]

    static let guests: [Row] = [
        Row("Guest", "{memory: 1GiB}", "spec.host missing-field"),
        Row("Guest", "{host: h}", "spec.memory missing-field"),
        Row("Guest", "{host: h, memory: 1GiB, maximumPause: 30}", "spec.maximumPause invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, maximumPause: -1s}", "spec.maximumPause invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, maximumPause: 25h}", "spec.maximumPause invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, maximumPause: 999999999999h}", "spec.maximumPause invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, upgrade: {forbid: [cold], require: warm}}", "spec.upgrade.require conflicting-fields"),
        Row("Guest", "{host: h, memory: 1GiB, upgrade: {allow: [hot]}}", "spec.upgrade.allow[0] invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, shutdownTimeout: 30}", "spec.shutdownTimeout invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, shutdownTimeout: 0}", "spec.shutdownTimeout invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, shutdownTimeout: 5000ms}", "spec.shutdownTimeout invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, shutdownTimeout: 31m}", "spec.shutdownTimeout invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, shutdownOrder: 101}", "spec.shutdownOrder invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, shutdownOrder: first}", "spec.shutdownOrder invalid-value"),
        Row("Guest", "{host: h, memory: 1G}", "spec.memory invalid-value"),
        Row("Guest", "{host: h, memory: 0MiB}", "spec.memory invalid-value"),
        Row("Guest", "{host: h, memory: 999999999999TiB}", "spec.memory invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, vcpus: 0}", "spec.vcpus invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, vcpus: 01}", "spec.vcpus invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, disks: [{}]}", "spec.disks[0].source missing-field"),
        Row("Guest", "{host: h, memory: 1GiB, disks: [{source: /a, format: vmdk}]}", "spec.disks[0].format invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, disks: [{source: /a, content: 'a'}]}", "spec.disks[0].content invalid-value"),
        Row(
            "Guest", "{host: h, memory: 1GiB, disks: [{source: /a, format: qcow2, content: aGVsbG8=}]}",
            "spec.disks[0].content conflicting-fields"),
        Row("Guest", "{host: h, memory: 1GiB, disks: [{source: /a}, {source: /a}]}", "spec.disks[1] duplicate-item"),
        Row("Guest", "{host: h, memory: 1GiB, interfaces: [{}]}", "spec.interfaces[0] missing-field"),
        Row("Guest", "{host: h, memory: 1GiB, interfaces: [{network: a, bridge: b}]}", "spec.interfaces[0].bridge conflicting-fields"),
        Row(
            "Guest", "{host: h, memory: 1GiB, interfaces: [{network: a, hardwareAddress: 01:00:5e:00:00:01}]}",
            "spec.interfaces[0].hardwareAddress invalid-value"),
        Row("Guest", "{host: h, memory: 1GiB, xml: <domain/>}", "spec.xml invalid-value", "spec.memory conflicting-fields"),
        Row("Guest", "{host: h, xml: <domain></domain>, vcpus: 1}", "spec.vcpus conflicting-fields"),
        Row("Guest", "{host: h, memory: 1GiB, uuid: ffffffff-ffff-ffff-ffff-ffffffffffff}", "spec.uuid invalid-value"),
    ]

    @Test("one mistake, one problem at its place", arguments: subnets + images + settings + hosts + guests)
    func rule(row: Row) {
        let result = DocumentParser.parse("apiVersion: bennu/v1\nkind: \(row.kind)\nmetadata: {name: a}\nspec: \(row.spec)\n")
        #expect(Set(result.problems.map { "\($0.path) \($0.code.rawValue)" }) == Set(row.expected), "\(result.problems)")
        #expect(result.documents == [])
        #expect(result.problems.allSatisfy { $0.file == "a.yaml" && $0.line == 4 && $0.column >= 7 })
    }

    static let envelopes: [(String, [String])] = [
        ("kind: Profile\nmetadata: {name: a}\n", ["1 apiVersion missing-field"]),
        ("apiVersion: bennu/v1\nmetadata: {name: a}\n", ["1 kind missing-field"]),
        ("apiVersion: bennu/v1\nkind: Hots\nmetadata: {name: a}\n", ["2 kind unknown-kind"]),
        ("apiVersion: bennu/v1\nkind: [Host]\nmetadata: {name: a}\n", ["2 kind wrong-type"]),
        ("apiVersion: bennu/v1\nkind: Profile\n", ["1 metadata missing-field"]),
        ("apiVersion: bennu/v1\nkind: Profile\nmetadata: {}\n", ["3 metadata.name missing-field"]),
        ("apiVersion: bennu/v1\nkind: Profile\nmetadata: {name: a..b}\n", ["3 metadata.name invalid-value"]),
        ("apiVersion: bennu/v1\nkind: Profile\nmetadata: {name: a, labels: {a b: c}}\n", ["3 metadata.labels[\"a b\"] invalid-value"]),
        ("apiVersion: bennu/v1\nkind: Profile\nmetadata: {name: a, labels: {a: [b]}}\n", ["3 metadata.labels.a wrong-type"]),
        ("apiVersion: bennu/v1\nkind: Profile\nmetadata: {name: a}\nstatus: {}\n", ["4 status unknown-field"]),
        ("apiVersion: bennu/v1\nkind: Host\nmetadata: {name: a}\n", ["1 spec missing-field"]),
        ("- a\n", ["1  wrong-type"]), ("just text\n", ["1  wrong-type"]),
    ]

    @Test("what all kinds have in common is checked alike", arguments: envelopes)
    func envelope(text: String, expected: [String]) { #expect(DocumentParser.parse(text).problems.summaries == expected) }
}
