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
