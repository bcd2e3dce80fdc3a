import ArgumentParser
import Glibc
import VirtualRack

/// `bennu rack console`.
struct RackConsoleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Connect this terminal to a host's serial port.",
        discussion: """
            Ctrl-] leaves; everything else goes to the host. What was printed before is in `bennu rack logs`. A serial port has one \
            console at a time: a second one shows nothing until the first has left. Without a terminal, standard input is sent, then the \
            host's output is printed until it is powered off.
            """)

    @OptionGroup var options: RackOptions

    @Argument(help: "h1, h2, …")
    var host: String

    func run() async throws {
        let socket = try options.rack.console(host)
        let isTerminal = isatty(STDIN_FILENO) == 1
        var saved = termios()
        if isTerminal {
            RackStreams.note("Connected to \(host). Ctrl-] leaves.")
            tcgetattr(STDIN_FILENO, &saved)
            var raw = saved
            cfmakeraw(&raw)
            tcsetattr(STDIN_FILENO, TCSANOW, &raw)
        }
        defer { if isTerminal { tcsetattr(STDIN_FILENO, TCSANOW, &saved) } }
        try relay(socket, leavingAt: isTerminal ? 0x1d : nil)
    }

    /// Carries bytes both ways until the host is powered off or `escape` is typed.
    private func relay(_ socket: LocalSocket, leavingAt escape: UInt8?) throws {
        var waits = [
            pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0), pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            guard poll(&waits, 2, -1) >= 0 || errno == EINTR else { return }
            if waits[0].revents != 0 {
                let bytes = try socket.read()
                if bytes.isEmpty { return }
                RackStreams.write(bytes)
            }
            if waits[1].revents != 0 {
                var typed = [UInt8](repeating: 0, count: 4096)
                let count = read(STDIN_FILENO, &typed, typed.count)
                if count <= 0 {
                    // The end of input is not the end of output. A negative descriptor is one that poll(2) leaves out.
                    waits[1].fd = -1
                    waits[1].revents = 0
                    continue
                }
                let bytes = typed[..<count]
                if let escape, let end = bytes.firstIndex(of: escape) { return try socket.write(bytes[..<end]) }
                try socket.write(bytes)
            }
        }
    }
}
