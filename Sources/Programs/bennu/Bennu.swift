import ArgumentParser
import OperatorCommands
import ServerAssembly

@main
struct Bennu: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bennu", abstract: "Hypervisors that keep no state.",
        discussion: """
            A physical server powers on, and its hypervisor is loaded into its memory, afresh at every start; it is told who it is, \
            applies that, starts its guests and is operational. Upgrading is choosing another image, and undoing it is choosing the old one.

            See all of it on virtual hosts with real firmware: make demo
            """, version: VersionCommand.text,
        subcommands: [
            ServeCommand.self, StatusCommand.self, ImageCommand.self, HostCommand.self, GuestCommand.self, ApplyCommand.self, DocumentCommand.self,
            UpgradeCommand.self, DHCPCommand.self, LeaseCommand.self, RackCommand.self, VersionCommand.self,
        ])
}
