package import Fleet
import FleetModel
import Foundation
import Primitives

/// The operator's way to a host's power switch: a program of the site's, run as `PROGRAM reset NAME`, with BENNU_HOST_ID, BENNU_BOOT, BENNU_MAC and
/// BENNU_UUID in its environment. It ends with status 0 when the host is being started anew.
package struct PowerCommand: Sendable {
    private let program: String
    /// Seconds, after which it is killed.
    private let limit: Double

    package init(program: String, limit: Double = 60) { (self.program, self.limit) = (program, limit) }

    /// - Returns: why it failed; `nil` when it did not.
    package func reset(_ host: StuckHost) async -> String? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["reset", host.name]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "BENNU_HOST_ID": host.host.description, "BENNU_BOOT": host.boot.description,
            "BENNU_MAC": host.hardwareAddress?.description ?? "", "BENNU_UUID": host.uuid?.description ?? "",
        ]) { $1 }
        // A file, not a pipe: whatever the program leaves running cannot hold us up, however much it writes.
        let words = FileManager.default.temporaryDirectory.appending(path: "bennu-power-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: words) }
        guard FileManager.default.createFile(atPath: words.path, contents: nil), let file = try? FileHandle(forWritingTo: words) else {
            return "cannot make \(words.path)"
        }
        defer { try? file.close() }
        (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice, file)
        let (ended, end) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in end.finish() }
        do { try process.run() } catch { return "\(program) could not be run: \(error.localizedDescription)" }
        let number = process.processIdentifier
        let killer = Task { [limit] in
            try await Task.sleep(for: .seconds(limit))
            kill(number, SIGKILL)
        }
        for await _ in ended {}
        killer.cancel()
        process.waitUntilExit()
        let (reason, status) = (process.terminationReason, process.terminationStatus)
        if reason == .exit, status == 0 { return nil }
        let text = (try? String(contentsOf: words, encoding: .utf8)) ?? ""
        let line = text.split(whereSeparator: \.isNewline).first.map { ": \($0.prefix(300))" } ?? ""
        return "\(program) ended with \(reason == .exit ? "status" : "signal") \(status)\(line)"
    }
}
