import Glibc
import Testing

@testable import VirtualRack

struct ProcessTableTests {
    private static let rest = "S 1 1 1 0 -1 4194560 1 2 3 4 70 30 5 6 20 0 1 0 4711 1000 200"

    @Test("A command's name may hold anything", arguments: ["qemu", "a) R 5 (b", "", "((", ") ) )"])
    func parses(_ command: String) throws {
        let status = try #require(ProcessTable.parse("42 (\(command)) \(Self.rest)", pid: 42))
        #expect(status.identity == ProcessIdentity(pid: 42, startTime: 4711))
        #expect(status.processorTicks == 100)
        #expect(status.parent == 1)
        #expect(!status.isDead)
    }

    @Test("No beginning of a status line traps, and none that lacks the start time is taken")
    func prefixes() {
        let line = "42 (qemu) \(Self.rest)"
        let needed = "42 (qemu) S 1 1 1 0 -1 4194560 1 2 3 4 70 30 5 6 20 0 1 0 ".count
        for count in 0...line.count {
            #expect((ProcessTable.parse(String(line.prefix(count)), pid: 42) != nil) == (count > needed))
        }
    }

    @Test("A pid with another start time is another process")
    func identity() throws {
        let own = try #require(ProcessTable.status(getpid())).identity
        #expect(ProcessTable.isRunning(own))
        #expect(!ProcessTable.isRunning(ProcessIdentity(pid: own.pid, startTime: own.startTime &+ 1)))
        #expect(ProcessTable.ownLineage().contains(own.pid))
    }

    @Test(
        "Only QEMU's own -name counts",
        arguments: [
            (["/usr/bin/qemu-system-x86_64", "-name", "a"], "a"), (["qemu-system-x86_64", "-m", "1", "-name", "b"], "b"),
            (["qemu-system-x86_64", "-name"], nil), (["vi", "-name", "a"], nil), (["grep", "qemu-system-x86_64", "-name", "a"], nil),
            ([], nil),
        ] as [([String], String?)])
    func hypervisorName(_ arguments: [String], _ name: String?) {
        #expect(ProcessTable.hypervisorName(arguments) == name)
    }

    @Test(
        "Capabilities are read from the effective set",
        arguments: [
            ("CapPrm:\tffff\nCapEff:\t0000000000001000\n", 12, true), ("CapEff:\t0000000000001000\n", 21, false),
            ("CapEff:\t\n", 12, false), ("", 12, false), ("CapEff:\tzz\n", 12, false), ("CapEff:\tffffffffffffffff\n", 64, false),
        ])
    func capability(_ status: String, _ bit: Int, _ has: Bool) {
        #expect(Preflight.hasCapability(bit, status: status) == has)
    }

    @Test("QMP's lines come out whole however they arrive")
    func lines() {
        for size in 1...9 {
            var buffer = LineBuffer()
            var found: [String] = []
            let bytes = Array("{\"a\":1}\r\n\n{}\nrest".utf8)
            for start in stride(from: 0, to: bytes.count, by: size) {
                let accepted = buffer.append(Array(bytes[start..<min(start + size, bytes.count)]))
                #expect(accepted)
                while let line = buffer.next() { found.append(String(decoding: line, as: UTF8.self)) }
            }
            #expect(found == ["{\"a\":1}", "", "{}"])
        }
        var buffer = LineBuffer()
        let accepted = buffer.append([UInt8](repeating: 32, count: 1 << 20 + 1))
        #expect(!accepted)
    }
}
