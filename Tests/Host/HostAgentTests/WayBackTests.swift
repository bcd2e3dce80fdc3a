import HostAgent
import Testing

@Suite("The way back over a change of the kernel")
struct WayBackTests {
    static let directory = "/run/bennu/return"

    @Test(
        "one of two decides: the agent that is about to have guests go on, or the guard that goes back",
        arguments: [
            // Where nothing was packed, nothing stops the agent.
            ([], true, false), (["guard.sh"], true, false), (["arming"], true, true), (["armed"], true, true), (["held"], true, true),
            (["closed"], true, false), (["leaving"], false, true), (["back"], false, true), (["going"], false, true),
        ])
    func hold(files: [String], holds: Bool, isOpen: Bool) throws {
        let host = try TemporaryRoot()
        for file in files { try host.put("\(Self.directory)/\(file)", "") }
        let way = WayBack(root: host.root)
        #expect(way.isOpen == isOpen)
        #expect(way.hold() == holds)
        // A guard that has loaded its kernel only now finds that the way is closed.
        if files == ["guard.sh"] { #expect(host.root.exists("\(Self.directory)/closed")) }
        if files == ["armed"] || files == ["arming"] {
            #expect(host.root.exists("\(Self.directory)/held") && !host.root.exists("\(Self.directory)/\(files[0])"))
            way.close()
            #expect(!way.isOpen && host.root.exists("\(Self.directory)/closed"))
        }
    }

    @Test("before the first guest goes on it is written down; whoever held the way back then lets go")
    func goesOn() throws {
        let host = try TemporaryRoot()
        try host.put("\(Self.directory)/armed", "")
        try host.put("/run/bennu/memory/former/going-on", "0\n")
        let way = WayBack(root: host.root)
        #expect(way.hold(goingOn: false))
        #expect(try host.text("/run/bennu/memory/former/going-on") == "0\n" && !host.root.exists("\(Self.directory)/gone-on"))
        way.goOn()
        #expect(try host.text("/run/bennu/memory/former/going-on") == "1\n" && host.root.exists("\(Self.directory)/gone-on"))
        way.release()
        #expect(host.root.exists("\(Self.directory)/armed") && !host.root.exists("\(Self.directory)/held"))
    }

    @Test("where the guard could not load the former kernel there is nothing to go back to")
    func nobodyThere() throws {
        let host = try TemporaryRoot()
        for file in ["held", "closed"] { try host.put("\(Self.directory)/\(file)", "") }
        WayBack(root: host.root).release()
        #expect(!WayBack(root: host.root).isOpen)
    }

    @Test("an agent shows its life where its initrd waits for it, and leaves nothing elsewhere")
    func life() throws {
        let host = try TemporaryRoot()
        WayBack(root: host.root).showLife()
        #expect(!host.root.exists("\(Self.directory)/alive"))
        try host.put("\(Self.directory)/guard.sh", "")
        WayBack(root: host.root).showLife()
        #expect(host.root.exists("\(Self.directory)/alive"))
    }
}
