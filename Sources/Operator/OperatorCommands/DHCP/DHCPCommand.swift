package import ArgumentParser

package struct DHCPCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "dhcp", abstract: "DHCP, and other DHCP servers beside ours.",
        subcommands: [DHCPTraceCommand.self, DHCPStatisticsCommand.self, DHCPEventsCommand.self, DHCPSnippetCommand.self])
    package init() {}
}
