import ArgumentParser
import Primitives
import VirtualRack

/// Which rack a command is about.
struct RackOptions: ParsableArguments {
    @Option(help: "The rack's name. (default: rack)", transform: RackArgument.name)
    var name = RackName.standard

    @Option(
        name: .customLong("state"),
        help: ArgumentHelp("Directory that describes the racks.", valueName: "directory"), completion: .directory)
    var stateDirectory = StateDirectory.standard

    var rack: Rack { Rack(name: name, stateDirectory: RackArgument.absolutePath(stateDirectory)) }
}

/// How a command prints.
enum RackOutput: String, ExpressibleByArgument, CaseIterable {
    case table, json
}
