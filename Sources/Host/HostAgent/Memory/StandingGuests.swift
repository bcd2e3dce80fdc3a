import FoundationEssentials
import HostContract
package import Primitives

/// Guests that stand still while the kernel changes. Written by the agent that leaves, and emptied guest by guest by the one that comes.
package struct StandingGuests: Codable, Sendable, Hashable {
    package struct Guest: Codable, Sendable, Hashable {
        package var name: String
        package var uuid: UniversalUniqueIdentifier
        /// Milliseconds since 1970, when it stopped.
        package var since: Int64
        /// True when its memory is not in the file, but where it always was.
        package var isInPlace: Bool

        /// Bytes that were written for it; `nil` until they are.
        package var stateBytes: UInt64?
        /// How to start its QEMU without libvirt; `nil` for one that goes on by libvirt.
        package var launch: EmulatorLaunch?
        /// Why it goes on by libvirt, where that was not the plan.
        package var needsLibvirt: String?
        /// Under this kernel already, before libvirt is there.
        package var goneOn: GoneOn?

        package init(name: String, uuid: UniversalUniqueIdentifier, since: Int64, isInPlace: Bool) {
            (self.name, self.uuid, self.since, self.isInPlace) = (name, uuid, since, isInPlace)
        }

        /// Its device state, and for `save` its memory.
        package var state: String { "\(PersistentMemory.states)/\(uuid).state" }
        /// A socket of its QEMU, for us.
        var monitor: String { "/run/bennu/monitors/\(uuid)" }
        /// What its QEMU is told before anything else, and what it answers.
        var commands: String { "\(PersistentMemory.states)/\(uuid).commands" }
        var answers: String { "\(PersistentMemory.states)/\(uuid).answers" }
    }

    /// Written before a guest runs; where there is one, it runs or is about to.
    package struct GoneOn: Codable, Sendable, Hashable {
        /// Of its QEMU.
        package var process: Int32
        /// By number of the virtual processor.
        package var threads: [Int: Int32]
        /// Milliseconds that it stood.
        package var pause: Int

        package init(process: Int32, threads: [Int: Int32], pause: Int) {
            (self.process, self.threads, self.pause) = (process, threads, pause)
        }

        /// Not another process of that number.
        func isAlive(_ guest: UniversalUniqueIdentifier, in root: HostRoot) -> Bool {
            let words = (try? root.read("/proc/\(process)/cmdline")).flatMap { $0 } ?? []
            return words.split(separator: 0).contains { $0.elementsEqual("\(guest)".utf8) }
        }
    }

    package var guests: [Guest]
    package init(guests: [Guest] = []) { self.guests = guests }

    package static let file = "/run/bennu/agent/standing.json"

    package static func load(from host: HostRoot) -> StandingGuests? {
        guard let bytes = try? host.read(file) else { return nil }
        return try? JSONDecoder().decode(Self.self, from: Data(bytes))
    }

    package func save(to host: HostRoot) throws(HostFailure) {
        guard let data = try? JSONEncoder().encode(self) else { throw HostFailure(.unwritable, "cannot encode the standing guests") }
        try host.write(Self.file, Array(data), mode: 0o600)
    }
}

/// How long each guest stood, for as long as the boot that it stood before.
package struct GuestPauses: Codable, Sendable, Hashable {
    package var boot: String
    /// Milliseconds, by guest.
    package var pauses: [String: Int]
    package init(boot: String, pauses: [String: Int] = [:]) { (self.boot, self.pauses) = (boot, pauses) }

    static let file = "/run/bennu/agent/pauses.json"

    package static func load(from host: HostRoot, boot: String) -> GuestPauses {
        let bytes = (try? host.read(file)).flatMap { $0 } ?? []
        let kept = try? JSONDecoder().decode(Self.self, from: Data(bytes))
        return kept.flatMap { $0.boot == boot ? $0 : nil } ?? GuestPauses(boot: boot)
    }

    package func save(to host: HostRoot) throws(HostFailure) {
        guard let data = try? JSONEncoder().encode(self) else { throw HostFailure(.unwritable, "cannot encode the pauses of guests") }
        try host.write(Self.file, Array(data))
    }
}
