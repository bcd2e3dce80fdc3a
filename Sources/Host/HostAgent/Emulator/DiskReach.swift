import GuestXML
package import NIOCore
import NIOPosix

/// Whether this host reaches the disks of its guests now: each file and device is read from, past the page cache, and each server of a disk over the
/// network answers a connection.
package struct DiskReach: Sendable {
    private let root: HostRoot
    private let group: any EventLoopGroup
    /// Seconds until what does not answer is taken to be away.
    private let patience: Int

    package init(root: HostRoot, group: any EventLoopGroup, patience: Int = 10) { (self.root, self.group, self.patience) = (root, group, patience) }

    /// The first fault of each guest that has one. What is below one mount is read one after the other, and not again once it did not answer: a server
    /// that is away costs its time once.
    package func faults(of guests: [(name: String, traits: DomainTraits)]) async -> [String: String] {
        var files: [String: [(guest: String, file: String)]] = [:]
        let places = DiskPlaces(root: root)
        for (name, traits) in guests {
            for file in traits.files + traits.devices {
                if let place = places.storage(of: file) { files[place, default: []].append((name, file)) }
            }
        }
        return await withTaskGroup(of: [(String, String)].self) { group in
            for files in files.values { group.addTask { await read(files) } }
            for (name, traits) in guests {
                for disk in traits.networkDisks { group.addTask { await connect(disk).map { [(name, $0)] } ?? [] } }
            }
            var faults: [String: String] = [:]
            for (name, traits) in guests { faults[name] = traits.unknownVolumes.first.map { "disk \($0): libvirt does not know where that is" } }
            for await found in group { for (guest, fault) in found.sorted(by: { $0.1 < $1.1 }) where faults[guest] == nil { faults[guest] = fault } }
            return faults
        }
    }

    private func read(_ files: [(guest: String, file: String)]) async -> [(String, String)] {
        let found = try? await NIOThreadPool.singleton.runIfActive { () -> [(String, String)] in
            var silence: String?
            return files.compactMap { guest, file in
                let fault = silence ?? read(file)
                if fault == Self.noAnswer { silence = fault }
                return fault.map { (guest, "disk \(file): \($0)") }
            }
        }
        return found ?? []
    }

    private static let noAnswer = "no answer"

    /// Refusals that are answers: QEMU may read what root of an NFS client may not, and a drive may be empty.
    private static let answers = ["Permission denied", "No medium found"]

    /// In a process of its own: nothing else ends a read from a server that went away. It may outlive its time even so, and is not joined by another.
    private func read(_ file: String) -> String? {
        let words = ["if=\(root.path(file))", "of=/dev/null", "bs=4096", "count=1"]
        let (direct, cached) = (Command("/usr/bin/dd", words + ["iflag=direct"]), Command("/usr/bin/dd", words))
        if direct.isLeftBehind { return Self.noAnswer }
        // Where a file system has nothing but its cache.
        let failure = failure(of: direct).flatMap { $0.hasSuffix("Invalid argument") ? self.failure(of: cached) : $0 }
        guard let failure, !Self.answers.contains(where: failure.hasSuffix) else { return nil }
        return failure.contains("not finished after") ? Self.noAnswer : failure
    }

    private func failure(of command: Command) -> String? {
        do throws(HostFailure) { try command.run(in: root, seconds: patience) } catch { return String(error.reason.trimmingPrefix("\(command): ")) }
        return nil
    }

    private func connect(_ disk: NetworkDisk) async -> String? {
        var faults: [String] = []
        for server in disk.servers {
            let bootstrap = ClientBootstrap(group: group).connectTimeout(.seconds(Int64(patience)))
            // An NBD server may have no place for a second connection, and those that it does not accept stay in its queue.
            if disk.scheme == "nbd", case .tcp(let host, let port) = server, await isConnected(to: host, port) { return nil }
            do {
                switch server {
                case .tcp(let host, let port): try await bootstrap.connect(host: host, port: port).get().close()
                case .unix(let path): try await bootstrap.connect(unixDomainSocketPath: root.path(path)).get().close()
                }
                return nil
            } catch { faults.append("\(server): \(error)") }
        }
        return faults.isEmpty ? nil : "disk \(disk) over the network: \(faults.joined(separator: "; "))"
    }

    private func isConnected(to host: String, _ port: Int) async -> Bool {
        let found = try? await NIOThreadPool.singleton.runIfActive { () -> Bool in
            guard let address = try? SocketAddress.makeAddressResolvingHost(host, port: port).ipAddress else { return false }
            return ConnectionTable(root: root).isOpen(to: address, port)
        }
        return found ?? false
    }
}
