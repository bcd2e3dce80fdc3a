import ArgumentParser
import VirtualRack

/// `bennu rack down`.
struct RackDownCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "down",
        abstract: "Remove a rack: hosts, network, files.",
        discussion: """
            Ends the rack's hosts and whatever else runs in its network, a boot server for example, then deletes the network and the \
            state, logs included. It removes what it finds: also a rack that was half made, whose QEMU died, whose state is lost, or \
            that was up when this computer stopped. Where there is nothing to remove, it succeeds.
            """)

    @OptionGroup var options: RackOptions

    func run() async throws {
        try await options.rack.down()
        print("The rack \"\(options.name)\" is gone.")
    }
}
