package import ArgumentParser

package struct HostCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "host", abstract: "The physical servers of the site.",
        discussion: """
            A host that asks our DHCP server for the first time is recorded as discovered, with all that it told us, and waits. \
            Accept it, and at its next question it boots the image that you chose:

              bennu host list
              bennu host accept 52:54:00:12:34:56 --name r1u7 --image kvm:latest --profile base
              bennu host timeline r1u7 --follow

            A host is named by its document's name, its host id (h-…), a hardware address or its UUID.
            """,
        subcommands: [
            HostListCommand.self, HostShowCommand.self, HostAcceptCommand.self, HostSetCommand.self, HostTimelineCommand.self,
            HostWaitCommand.self, HostUpgradeCommand.self, HostRestartCommand.self, HostRemoveCommand.self,
        ])
    package init() {}
}
