import ArgumentParser
import VirtualRack

/// `bennu rack list`.
struct RackListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the hosts of every rack, or of one.",
        discussion: """
            CPU SECONDS is what a host's QEMU has used since power-on: the dependable measure of a boot's cost on a busy computer. JSON \
            output also has the paths of each host's serial log and console socket.
            """)

    @Option(help: "Only this rack.", transform: RackArgument.name)
    var name: RackName?

    @Option(
        name: .customLong("state"),
        help: ArgumentHelp("Directory that describes the racks.", valueName: "directory"), completion: .directory)
    var stateDirectory = StateDirectory.standard

    @Option(help: "How to print.")
    var output = RackOutput.table

    func run() async throws {
        let directory = RackArgument.absolutePath(stateDirectory)
        var hosts: [VirtualHostStatus] = []
        for name in name.map({ [$0] }) ?? StateDirectory.racks(in: directory) {
            let rack = Rack(name: name, stateDirectory: directory)
            do {
                hosts += try rack.hosts()
                if !rack.isUp { RackStreams.note("The rack \"\(name)\" is only half there; remove it: bennu rack down --name \(name).") }
            } catch {
                // One unreadable rack must not hide the others.
                guard self.name == nil else { throw error }
                RackStreams.note("\(error)")
            }
        }
        print(try RackReport(hosts).text(as: output))
    }
}
