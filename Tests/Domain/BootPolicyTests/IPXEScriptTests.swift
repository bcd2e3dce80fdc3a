import BootPolicy
import FleetModel
import Primitives
import Testing

@Suite struct IPXEScriptTests {
    let servers = IPXEScript.Servers(boot: "http://10.0.0.1:8080", configuration: "http://10.0.0.1:8081")
    let client = IPXEScript.Client(
        hardwareAddress: HardwareAddress(value: 0x5254_0012_3456), uuid: UniversalUniqueIdentifier("11223344-5566-7788-99aa-bbccddeeff00"))
    let boot = BootID(unchecked: "bcdefghijklmnopq")

    func digest(_ digit: String) -> Digest { Digest("sha256:" + String(repeating: digit, count: 64))! }

    func load(name: String = "r1-n1", root: Bool = true, arguments: [String] = ["console=ttyS0,115200n8", "quiet"]) -> IPXEScript.Load {
        IPXEScript.Load(
            boot: boot, hostName: name, imageReference: "kvm:2026.11", kernel: digest("1"), initrds: [digest("2"), digest("3")],
            root: root ? digest("4") : nil, arguments: arguments)
    }

    @Test("A boot script names everything by digest, initrds in order and by name for old EFI builds")
    func golden() throws {
        let script = try IPXEScript.load(load(), for: client, from: servers)
        let (one, two, three, four) = (digest("1").hexadecimal, digest("2").hexadecimal, digest("3").hexadecimal, digest("4"))
        let blobs = "http://10.0.0.1:8080/blobs/sha256"
        #expect(
            script == """
                #!ipxe
                imgfree
                echo
                echo Bennu: host r1-n1 loads image kvm:2026.11
                kernel --name bennu-kernel \(blobs)/\(one)?boot=b-bcdefghijklmnopq \
                initrd=bennu-initrd-1 initrd=bennu-initrd-2 \
                bennu.server=http://10.0.0.1:8081 bennu.blobs=http://10.0.0.1:8080 bennu.boot=b-bcdefghijklmnopq bennu.root=\(four) \
                BOOTIF=01-52-54-00-12-34-56 panic=10 console=ttyS0,115200n8 quiet || goto failed
                initrd --name bennu-initrd-1 \(blobs)/\(two)?boot=b-bcdefghijklmnopq || goto failed
                initrd --name bennu-initrd-2 \(blobs)/\(three)?boot=b-bcdefghijklmnopq || goto failed
                boot || goto failed
                :failed
                echo
                echo Bennu: image kvm:2026.11 could not be started.
                echo Bennu: the line above says why; "bennu host timeline" shows what the server sent.
                imgfree
                echo Bennu: asking again every 10 seconds
                :again
                sleep 10 ||
                chain --replace --autofree http://10.0.0.1:8080/boot.ipxe?mac=52:54:00:12:34:56&uuid=11223344-5566-7788-99aa-bbccddeeff00 || goto again

                """)
    }

    @Test("An embedded root has no argument")
    func embeddedRoot() throws {
        #expect(try !IPXEScript.load(load(root: false), for: client, from: servers).contains("bennu.root="))
    }

    @Test("A host that waits sees the reason and asks again")
    func wait() {
        let script = IPXEScript.wait(
            reason: "image-missing", message: "image kvm:9 is not here\nsee bennu image list",
            for: .init(hardwareAddress: client.hardwareAddress, uuid: nil),
            from: servers)
        #expect(
            script == """
                #!ipxe
                imgfree
                echo
                echo Bennu: this host waits: image-missing
                echo Bennu: image kvm:9 is not here
                echo Bennu: see bennu image list
                echo Bennu: hardware address 52:54:00:12:34:56
                imgfree
                echo Bennu: asking again every 10 seconds
                :again
                sleep 10 ||
                chain --replace --autofree http://10.0.0.1:8080/boot.ipxe?mac=52:54:00:12:34:56 || goto again

                """)
    }

    static let hostile = [
        "a\nshell", "a\r\nshell", "a\u{2028}shell", "a\u{85}shell", "a\u{b}b", "a || shell", "a ; shell", "a && shell", "${net0/mac}",
        "a $${x}",
        "# gone", "a #b", "ends with \\", "\u{1b}[2J", "grün", "\0", "a\tb",
    ]

    @Test("Text from documents never becomes a command", arguments: hostile)
    func hostileText(_ text: String) throws {
        for script in [
            try IPXEScript.load(load(name: text), for: client, from: servers),
            IPXEScript.wait(reason: text, message: text, for: client, from: servers),
        ] {
            #expect(!script.contains("$"))
            #expect(script.utf8.allSatisfy { (32...126).contains($0) || $0 == 10 })
            for line in script.split(separator: "\n").dropFirst() {
                #expect(!line.hasSuffix("\\"))
                let words = line.split(separator: " ")
                #expect(["imgfree", "echo", "kernel", "initrd", "boot", ":failed", ":again", "sleep", "chain"].contains(words.first))
                #expect(!words.contains { $0.hasPrefix("#") || $0 == ";" || $0 == "&&" })
                if words.first == "echo" { #expect(!words.contains("||")) }
            }
        }
    }

    @Test(
        "Arguments that iPXE would change are refused, not altered",
        arguments: ["", "a b", "a\nb", "${x}", "#a", "||", "&&", ";", "a\\", "ü", "\u{7f}"])
    func unusableArgument(_ argument: String) {
        #expect(throws: IPXEScript.Refusal.argumentUnusable(index: 1, argument)) {
            try IPXEScript.load(load(arguments: ["quiet", argument]), for: client, from: servers)
        }
    }

    @Test("Arguments with harmless marks pass unchanged", arguments: ["a=$b", "a#b", "dyndbg=\"x\"", "a;b", "a||b", "-x", "--"])
    func usableArgument(_ argument: String) throws {
        #expect(try IPXEScript.load(load(arguments: [argument]), for: client, from: servers).contains(" \(argument) || goto failed\n"))
    }

    @Test("The first script asks for the host's own, by the card that it came by")
    func first() {
        #expect(
            IPXEScript.first(from: servers) == """
                #!ipxe
                imgfree
                chain --replace --autofree http://10.0.0.1:8080/boot.ipxe?mac=${netX/mac}&uuid=${uuid} ||
                imgfree
                echo Bennu: asking again every 10 seconds
                :again
                sleep 10 ||
                chain --replace --autofree http://10.0.0.1:8080/boot.ipxe?mac=${netX/mac}&uuid=${uuid} || goto again

                """)
    }

    @Test("A command line that the kernel would cut is refused")
    func tooLong() {
        let many = [String](repeating: String(repeating: "x", count: 99), count: 20)
        let refusal = #expect(throws: IPXEScript.Refusal.self) { try IPXEScript.load(load(arguments: many), for: client, from: servers) }
        #expect(refusal?.name == "command-line-too-long")
    }

    @Test("Long text is cut", arguments: [10, 200])
    func limit(_ limit: Int) {
        #expect(IPXEScript.clean(String(repeating: "word ", count: 1000), limit: limit).utf8.count <= limit)
        #expect(IPXEScript.clean(String(repeating: "x", count: 100_000), limit: limit).utf8.count <= limit)
    }
}
