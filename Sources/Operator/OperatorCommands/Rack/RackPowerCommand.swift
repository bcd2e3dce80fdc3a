import ArgumentParser
import VirtualRack

/// `bennu rack power`.
struct RackPowerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power",
        abstract: "Power a host on or off, reset it, or cycle its power.",
        discussion: """
            off pulls the plug: the operating system is not asked. reset presses the reset button: the same machine starts its firmware \
            again. cycle is off, then on. A host that is already on, or off, stays so. HOST may be all.

              bennu rack power h1 reset
              bennu rack power all off
            """)

    @OptionGroup var options: RackOptions

    @Argument(help: "h1, h2, …, or all.")
    var host: String

    @Argument(help: "on, off, reset or cycle.")
    var action: PowerAction

    func run() async throws {
        for host in try await options.rack.power(action, host) { print("\(host): \(action.done)") }
    }
}

extension PowerAction: ExpressibleByArgument {
    fileprivate var done: String {
        switch self {
        case .on: "is on"
        case .off: "is off"
        case .reset: "was reset"
        case .cycle: "was power cycled"
        }
    }
}
