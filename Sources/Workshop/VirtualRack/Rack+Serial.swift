import Glibc

extension Rack {
    /// The file that everything on the host's serial port is appended to.
    package func serialLog(_ host: String) throws(RackError) -> String {
        _ = try find(host, in: record())
        return files(of: host).serialLog
    }

    /// Waits until the host's serial log holds `text`; `false` when the time is over. A host that is off may still be powered on meanwhile.
    package func serialLog(_ host: String, contains text: String, within limit: Duration) async throws(RackError) -> Bool {
        let path = try serialLog(host)
        let wanted = Array(text.utf8)
        return await ProcessTable.poll(for: limit) { (SmallFile.read(path) ?? []).contains(wanted) }
    }

    /// The host's serial port; a read gives up after `timeLimit`. QEMU serves one client at a time, others wait.
    package func console(_ host: String, timeLimit: Duration = .seconds(86_400)) throws(RackError) -> LocalSocket {
        _ = try find(host, in: record())
        guard process(of: host) != nil else { throw .poweredOff(host) }
        return try LocalSocket(connectingTo: files(of: host).console, timeLimit: timeLimit)
    }
}
