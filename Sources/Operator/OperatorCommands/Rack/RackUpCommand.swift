import ArgumentParser
import Primitives
import VirtualRack

/// `bennu rack up`.
struct RackUpCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Make a rack and power its hosts on.",
        discussion: """
            Hosts are named h1 to hN. Their UUIDs and hardware addresses follow from the rack's name and the number, so a rack that is \
            made again has the same hosts. What an interrupted `up` of the same name left is removed first.

              bios        SeaBIOS and the network card's iPXE, which asks for a script
              uefi        OVMF by PXE: asks for a network boot program by TFTP
              uefi-http   OVMF by UEFI HTTP boot: fetches an EFI program by itself

            With --no-power the hosts stay off until `bennu rack power`, so that a boot server can be started first; firmware asks for a \
            minute or two, then gives up.
            """)

    @OptionGroup var options: RackOptions

    @Option(help: "How many hosts.")
    var hosts = 1

    @Option(help: "What the hosts start with.")
    var firmware = Firmware.bios

    @Option(help: ArgumentHelp("Memory a host.", valueName: "MiB"))
    var memory = 3072

    @Option(help: "Processors a host.")
    var vcpus = 2

    @Option(help: "Network cards a host; the first one boots.")
    var nics = 1

    @Option(help: "An empty disk for each host, such as 20GiB. It goes with the rack.", transform: RackArgument.byteSize)
    var disk: Int64?

    @Option(help: "NUMA nodes a host, which share its memory and processors.")
    var numaNodes = 1

    @Flag(help: "A TPM 2.0 for each host (Debian: swtpm). Its firmware starts later.")
    var tpm = false

    @Option(help: "The bridge's address and prefix length. (default: 10.77.0.1/24)", transform: { try parseInterface($0) })
    var address = RackPlan().address

    @Option(help: "The UUID of the first host; again for the second, and so on. (default: derived)", transform: { try parseUUID($0) })
    var uuid: [UniversalUniqueIdentifier] = []

    @Option(help: "kvm, tcg, or counted: instructions are the hosts' clock. (default: kvm or tcg, found out by booting)")
    var accelerator: Accelerator?

    @Flag(inversion: .prefixedNo, help: "Power the hosts on.")
    var power = true

    @Option(help: "How to print the hosts.")
    var output = RackOutput.table

    var plan: RackPlan {
        var plan = RackPlan()
        plan.name = options.name
        plan.stateDirectory = RackArgument.absolutePath(options.stateDirectory)
        plan.hosts = hosts
        plan.firmware = firmware
        plan.memoryMebibytes = memory
        plan.processors = vcpus
        plan.interfaces = nics
        plan.diskBytes = disk
        plan.nodes = numaNodes
        plan.address = address
        plan.uuids = uuid
        plan.accelerator = accelerator
        plan.powersOn = power
        plan.hasTPM = tpm
        return plan
    }

    func validate() throws {
        let problems = plan.problems
        if !problems.isEmpty { throw ValidationError(problems.joined(separator: "; ")) }
    }

    func run() async throws {
        let rack = try await Rack.up(plan)
        print(try RackReport(try rack.hosts()).text(as: output))
        if output == .table {
            let name = options.name == .standard ? "" : " --name \(options.name)"
            print("Start a boot server for them: bennu rack exec\(name) -- bennu serve …")
        }
    }
}

extension Firmware: ExpressibleByArgument {}
extension Accelerator: ExpressibleByArgument {}

private func parseInterface(_ text: String) throws -> IPv4Interface {
    guard let parsed = IPv4Interface(text) else { throw ValidationError("expected \(IPv4Interface.expectation), found \"\(text)\"") }
    return parsed
}

private func parseUUID(_ text: String) throws -> UniversalUniqueIdentifier {
    guard let parsed = UniversalUniqueIdentifier(text) else {
        throw ValidationError("expected \(UniversalUniqueIdentifier.expectation), found \"\(text)\"")
    }
    return parsed
}
