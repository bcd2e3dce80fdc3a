import FoundationEssentials
import Glibc

/// Where racks keep their files: `<directory>/<rack>/rack.json`, `<directory>/<rack>/<host>/…` and `<directory>/<rack>.lock`.
package enum StateDirectory {
    /// Root's is the same in every session, because a rack's namespace is; others' is `$XDG_RUNTIME_DIR/bennu/racks` or under
    /// `~/.local/state`.
    package static var standard: String {
        choose(userID: geteuid(), environment: ProcessInfo.processInfo.environment)
    }

    static func choose(userID: UInt32, environment: [String: String]) -> String {
        if userID == 0 { return "/run/bennu/racks" }
        if let runtime = environment["XDG_RUNTIME_DIR"], runtime.hasPrefix("/") { return "\(runtime)/bennu/racks" }
        if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.local/state/bennu/racks" }
        return "/run/bennu/racks"
    }

    /// The names of all racks in the directory, up or half made, in order.
    package static func racks(in directory: String) -> [RackName] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return entries.sorted().compactMap(RackName.init).filter { SmallFile.exists("\(directory)/\($0)") }
    }
}
