import Glibc
import HostContract
import NIOCore
import NIOPosix

/// The command line of `bennu-agent`: nothing to run as the agent, `prepare` before libvirtd starts, `luggage` and
/// `resume` as the first things under a new kernel, `stand` before it is left again, `adopt` before the libvirtd that follows, `--version`.
package enum AgentProgram {
    /// - Returns: the exit status.
    package static func run(_ arguments: [String]) async -> Int32 {
        let log = AgentLog.journal
        switch arguments.first {
        case nil, "run": return await runAgent(log)
        case "prepare": return prepare(log)
        case "resume":
            FirstResume(root: .host).run()
            return 0
        case "luggage":
            do throws(HostFailure) { try LuggageDisk(root: .host).take() } catch {
                log(.error, "the disk that guests were saved on cannot be taken over", ["reason": error.description])
                return 1
            }
            return 0
        case "stand":
            let stand = SecondStand(root: .host)
            if arguments.dropFirst().first == "--undo" {
                stand.undo()
                return 0
            }
            do throws(HostFailure) { try stand.run() } catch {
                log(.error, "guests cannot stand once more", ["reason": error.description])
                return 1
            }
            return 0
        case "adopt":
            MachineScope.adoptAll(in: .host, log: log)
            return 0
        case "guard": return stand(Array(arguments.dropFirst()), log)
        case "--version":
            print("bennu-agent \(Agent.version)")
            return 0
        case "inventory": return printInventory()
        default:
            log(
                .error, "usage: bennu-agent [run | prepare | luggage | resume | stand [--undo] | adopt | guard ORDER SECONDS | inventory | --version]"
            )
            return 64
        }
    }

    private static func runAgent(_ log: AgentLog) async -> Int32 {
        // Where Swift finds a program's arguments: without it none are seen, whatever this was to do, and an agent beside another is a danger to
        // guests.
        guard HostRoot.host.exists("/proc/self/cmdline") else {
            print("bennu-agent: /proc is not mounted, so nobody can tell what this is to do")
            return 69
        }
        // By itself it has one for each processor.
        NIOSingletons.blockingPoolThreadCountSuggestion = 8
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do { try await Agent(root: .host, group: group, log: log).run() } catch { log(.error, "agent ended", ["reason": "\(error)"]) }
        return 1
    }

    /// The way back of a soft upgrade.
    private static func stand(_ arguments: [String], _ log: AgentLog) -> Int32 {
        guard arguments.count == 2, let deadline = Int(arguments[1]), deadline > 0 else {
            log(.error, "usage: bennu-agent guard ORDER SECONDS")
            return 64
        }
        Guardian(root: .host, order: arguments[0], deadline: deadline).run()
        return 0
    }

    /// A host that has no claim yet starts libvirtd all the same: the agent sets the UUID later, and restarts it.
    private static func prepare(_ log: AgentLog) -> Int32 {
        guard let machineID = BootHandover.grant(from: .host)?.machineID ?? HostRoot.host.line("/etc/machine-id") else {
            log(.warning, "no claim and no machine-id: libvirt keeps the firmware's UUID for now")
            return 0
        }
        do throws(HostFailure) { try LibvirtIdentity.prepare(machineID: machineID, in: .host) } catch {
            log(.warning, "cannot set the host UUID of libvirt", ["reason": error.description])
        }
        return 0
    }
}
