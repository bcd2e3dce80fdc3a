import Glibc
import HostAgent

exit(await AgentProgram.run(Array(CommandLine.arguments.dropFirst())))
