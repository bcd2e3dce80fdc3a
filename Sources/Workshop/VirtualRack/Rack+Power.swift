import Glibc

/// What `rack power` can do to a host.
package enum PowerAction: String, CaseIterable, Sendable {
    /// Starts it; nothing if it runs.
    case on
    /// Pulls the plug; nothing if it is off.
    case off
    /// Presses the reset button: the same QEMU starts its firmware again.
    case reset
    /// Off, then on.
    case cycle
}

extension Rack {
    /// Every host, in order, with whether it runs.
    package func hosts() throws(RackError) -> [VirtualHostStatus] {
        let record = try record()
        let running = ProcessTable.hypervisors(marked: name.markerPrefix)
        return record.hosts.map { host in
            let process = running[name.marker(of: host.name)]
            return VirtualHostStatus(
                rack: name, host: host, files: files(of: host.name), process: process, accelerator: record.accelerator,
                processorSeconds: process.flatMap(Self.processorSeconds))
        }
    }

    /// Acts on a host, or on every one for `all`; tells which. Returns when it is done, not when an operating system has noticed.
    @discardableResult
    package func power(_ action: PowerAction, _ host: String) async throws(RackError) -> [String] {
        _ = try record()
        let lock = try await RackLock.take(name, in: stateDirectory)
        do throws(RackError) {
            let changed = try await change(action, host)
            lock.release()
            return changed
        } catch {
            lock.release()
            throw error
        }
    }

    private func change(_ action: PowerAction, _ host: String) async throws(RackError) -> [String] {
        let record = try record()
        if action != .off, !isUp { throw .incomplete(name) }
        let hosts = host == "all" ? record.hosts : [try find(host, in: record)]
        for host in hosts {
            switch action {
            case .on: try await start(host.name)
            case .off: try await stop(host.name)
            case .reset: try reset(host.name)
            case .cycle:
                try await stop(host.name)
                try await start(host.name)
            }
        }
        return hosts.map(\.name)
    }

    /// User and system time that the host's QEMU has used since it was powered on, in seconds; `poweredOff` when it is.
    package func cpuSeconds(_ host: String) throws(RackError) -> Double {
        _ = try find(host, in: record())
        guard let process = process(of: host), let seconds = Self.processorSeconds(process) else { throw .poweredOff(host) }
        return seconds
    }

    /// The host's QEMU, found by its recorded identity, or else by the name it carries.
    func process(of host: String) -> ProcessIdentity? {
        let marker = name.marker(of: host)
        if let recorded = (try? record())?.hosts.first(where: { $0.name == host })?.process, ProcessTable.isRunning(recorded),
            ProcessTable.hypervisorName(ProcessTable.arguments(recorded.pid)) == marker
        {
            return recorded
        }
        return ProcessTable.hypervisors(marked: marker)[marker]
    }

    func start(_ name: String) async throws(RackError) {
        guard process(of: name) == nil else { return }
        var record = try record()
        let host = try find(name, in: record)
        if host.hasTPM == true { try await TrustedModule(files: files(of: name)).start() }
        let arguments = HypervisorArguments(
            rack: record, host: host, files: files(of: name), flash: host.firmware.usesFlash ? Firmware.installedFlash() : nil)
        let result = try await Command.run(namespaceCommand([Preflight.hypervisor] + arguments.all))
        // -daemonize returns when the guest has started; the child is then nobody's but init's.
        guard result.exitCode == 0, let process = process(of: name) else {
            throw .hypervisor(host: name, output: result.standardError.trimmed)
        }
        for index in record.hosts.indices where record.hosts[index].name == name { record.hosts[index].process = process }
        try save(record)
    }

    private func reset(_ name: String) throws(RackError) {
        guard process(of: name) != nil else { throw .poweredOff(name) }
        var monitor = try MonitorConnection(files(of: name).monitor)
        try monitor.execute("system_reset")
    }

    private func stop(_ name: String) async throws(RackError) {
        guard let process = process(of: name) else { return }
        if var monitor = try? MonitorConnection(files(of: name).monitor) { try? monitor.execute("quit") }
        if await ProcessTable.poll(for: .seconds(5), until: { !ProcessTable.isRunning(process) }) { return }
        try await ProcessTable.end([process], patience: .seconds(2))
    }

    private static func processorSeconds(_ process: ProcessIdentity) -> Double? {
        guard let status = ProcessTable.status(process.pid), status.identity == process else { return nil }
        return Double(status.processorTicks) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
    }
}
