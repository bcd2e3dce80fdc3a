import Glibc

extension Rack {
    /// The command line that runs `command` in the rack's network, for whoever starts processes in their own way.
    package func namespaceCommand(_ command: [String]) -> [String] {
        // Unlike a bare setns(2) this also shows the namespace's own /sys/class/net.
        ["ip", "netns", "exec", name.namespace] + command
    }

    /// Runs a command in the rack's network to its end; `noRack` when there is none. Killed after `timeLimit`.
    package func run(
        inNamespace command: [String], input: String = "", timeLimit: Duration = .seconds(60)
    ) async throws(RackError) -> CommandOutput {
        try requireNamespace()
        return try await Command.run(namespaceCommand(command), input: input, timeLimit: timeLimit)
    }

    /// Becomes the command, in the rack's network: terminal, signals and exit status are its own. Returns only by failing.
    package func enter(_ command: [String]) throws(RackError) {
        try requireNamespace()
        let arguments = namespaceCommand(command)
        // Threads of the concurrency runtime block signals, and exec would hand that down.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        var words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        if let program = Command.locate("ip") { execv(program, &words) }
        throw .command(arguments, output: SmallFile.message(errno))
    }

    private func requireNamespace() throws(RackError) {
        _ = try record()
        guard SmallFile.exists(namespacePath) else { throw .noRack(name, stateDirectory: stateDirectory) }
    }
}
