import ArgumentParser
import Glibc
import VirtualRack

/// `bennu rack logs`.
struct RackLogsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print everything a host wrote to its serial port.",
        discussion: """
            Firmware, network boot program, kernel and console, over all resets and power cycles since the rack is up. Colours and \
            cursor movements of firmware are left out unless --raw is given.
            """)

    @OptionGroup var options: RackOptions

    @Argument(help: "h1, h2, …")
    var host: String

    @Flag(name: .shortAndLong, help: "Go on printing as more arrives, until Ctrl-C or the rack is down.")
    var follow = false

    @Flag(help: "Print every byte as it came.")
    var raw = false

    func run() async throws {
        let path = try options.rack.serialLog(host)
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw RackError.file(path: path, operation: "open", code: errno) }
        defer { close(file) }
        var filter = TerminalFilter()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(file, &buffer, buffer.count)
            guard count >= 0 || errno == EINTR else { throw RackError.file(path: path, operation: "read", code: errno) }
            if count > 0 {
                let bytes = Array(buffer[..<count])
                RackStreams.write(raw ? bytes : filter.filter(bytes))
            } else if count == 0 {
                guard follow, access(path, F_OK) == 0 else { return }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
    }
}
