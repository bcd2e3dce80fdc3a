import ArgumentParser
import VirtualRack

/// `bennu rack exec`.
struct RackExecCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run a command in a rack's network.",
        discussion: """
            This command becomes the other one: terminal, signals and exit status are its own. `bennu rack down` ends it.

              bennu rack exec -- bennu serve …
              bennu rack exec -- tcpdump -ni rack0
              bennu rack exec --name lab -- bash
            """)

    @OptionGroup var options: RackOptions

    @Argument(parsing: .postTerminator, help: "After --, the command and its arguments.")
    var command: [String] = []

    func validate() throws {
        if command.isEmpty { throw ValidationError("say the command after --, as in: bennu rack exec -- ip address") }
    }

    func run() async throws {
        try options.rack.enter(command)
    }
}
