package import ArgumentParser

/// `bennu rack`.
package struct RackCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "rack",
        abstract: "Virtual hosts with real firmware, to rehearse images and configurations before they touch metal.",
        discussion: """
            A rack is a network of its own with N diskless virtual hosts on it. They have real firmware, find no disk, and so ask the \
            network for a boot server: start one inside the rack.

              bennu rack up --hosts 2                 make the rack and power its hosts on
              bennu rack exec -- bennu serve …        a boot server where the hosts can hear it
              bennu rack power all cycle              let them boot again
              bennu rack logs h1 --follow             watch the serial port
              bennu rack down                         leave nothing behind

            The network is the namespace bennu-NAME with the bridge rack0 (10.77.0.1/24); nothing in it can reach, or be reached from, a \
            network of this computer. Racks of different names stand side by side. KVM is used where it really works, which is found out \
            by booting, otherwise translation, about ten times slower. It needs root, QEMU, and for UEFI firmware OVMF (Debian: \
            qemu-system-x86, ovmf).
            """,
        subcommands: [
            RackUpCommand.self, RackListCommand.self, RackPowerCommand.self, RackConsoleCommand.self, RackLogsCommand.self,
            RackExecCommand.self, RackDownCommand.self,
        ])

    package init() {}
}
