import FoundationEssentials

extension Rack {
    var directory: String { "\(stateDirectory)/\(name)" }
    private var recordPath: String { "\(directory)/rack.json" }

    func files(of host: String) -> VirtualHostFiles { VirtualHostFiles(directory: "\(directory)/\(host)") }

    /// What `rack.json` says; `noRack` or `unreadableRecord` otherwise.
    package func record() throws(RackError) -> RackRecord {
        guard let content = SmallFile.read(recordPath) else { throw .noRack(name, stateDirectory: stateDirectory) }
        do {
            return try JSONDecoder().decode(RackRecord.self, from: Data(content))
        } catch {
            throw .unreadableRecord(path: recordPath, reason: "\(error)")
        }
    }

    func save(_ record: RackRecord) throws(RackError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try SmallFile.replace(recordPath, with: Array(try encoder.encode(record)))
        } catch let error as RackError {
            throw error
        } catch {
            throw .unreadableRecord(path: recordPath, reason: "\(error)")
        }
    }

    /// Completely made, in this boot of the computer, and its network still there. Its hosts may be off.
    package var isUp: Bool {
        guard let record = try? record() else { return false }
        return record.phase == .up && record.bootIdentifier == Self.bootIdentifier() && SmallFile.exists(namespacePath)
    }

    /// Names this start of this computer (random(4)).
    static func bootIdentifier() -> String {
        (SmallFile.text("/proc/sys/kernel/random/boot_id") ?? "").trimmed
    }

    /// The host of that name, among those recorded.
    func find(_ host: String, in record: RackRecord) throws(RackError) -> VirtualHost {
        guard let found = record.hosts.first(where: { $0.name == host }) else {
            throw .unknownHost(host, name, hosts: record.hosts.map(\.name))
        }
        return found
    }
}
