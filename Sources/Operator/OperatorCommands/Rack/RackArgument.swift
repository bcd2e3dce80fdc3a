import ArgumentParser
import FoundationEssentials
import VirtualRack

/// How the arguments of rack commands are read.
enum RackArgument {
    static func name(_ text: String) throws -> RackName {
        guard let name = RackName(text) else { throw ValidationError("expected \(RackName.expectation), found \"\(text)\"") }
        return name
    }

    /// `KiB`, `MiB`, `GiB`, `TiB` (or their first letter) after a whole number; a bare number is bytes.
    static func byteSize(_ text: String) throws -> Int64 {
        let digits = text.prefix { ("0"..."9").contains($0) }
        let shifts = ["": 0, "k": 10, "kib": 10, "m": 20, "mib": 20, "g": 30, "gib": 30, "t": 40, "tib": 40]
        if let number = Int64(digits), let shift = shifts[text.dropFirst(digits.count).lowercased()] {
            let (bytes, overflow) = number.multipliedReportingOverflow(by: 1 << Int64(shift))
            if !overflow { return bytes }
        }
        throw ValidationError("expected a size like 20GiB, found \"\(text)\"")
    }

    /// A later command may run elsewhere, and QEMU changes to `/`: what is recorded must not depend on the working directory.
    static func absolutePath(_ path: String) -> String {
        var text = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        while text.count > 1, text.hasSuffix("/") { text.removeLast() }
        return text
    }
}
