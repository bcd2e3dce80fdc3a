import Glibc
import HostContract

/// Performs actions on the host: the only part that changes it.
package struct ActionExecutor: Sendable {
    package var root: HostRoot
    package var libvirt: LibvirtConnection
    package var guestMemory: any GuestMemory
    /// How long a bridge may take to get its ports and its address.
    package var bridgePatience: Duration

    package init(root: HostRoot, libvirt: LibvirtConnection, bridgePatience: Duration = .seconds(60)) {
        (self.root, self.libvirt, self.bridgePatience) = (root, libvirt, bridgePatience)
        guestMemory = PersistentMemory(root: root)
    }

    /// - Parameter memory: changed by the actions that concern it, and saved before the next action.
    package func perform(_ action: HostAction, memory: inout AgentMemory) throws(HostFailure) {
        switch action {
        case .writeFile(let path, let content, let mode): try root.write(path, content, mode: mode)
        case .removeFile(let path): try root.remove(path)
        case .makeDirectory(let path, let mode): try root.makeDirectory(path, mode: mode)
        case .setKernelParameter(let path, let value): try root.writeInPlace(path, Array((value + "\n").utf8))
        case .keepOriginal(let path, let copy): if let content = try root.read(path) { try root.write(copy, content, mode: 0o600) }
        case .restoreOriginal(let path, let copy, let mode):
            if let content = try root.read(copy) { try root.write(path, content, mode: mode) } else { try root.remove(path) }
            try root.remove(copy)
        case .run(let command): try command.run(in: root)
        case .confirmBridge(let name, let ports, let needsAddress, let undo):
            try confirmBridge(name, ports: ports, needsAddress: needsAddress, undo: undo, memory: &memory)
        case .remember(let key, let item):
            memory[key] = item
            try memory.save(to: root)
        case .forget(let key):
            memory[key] = nil
            try memory.save(to: root)
        case .rememberPlacement(let guest, let generation):
            memory.placements[guest] = generation
            try memory.save(to: root)
        default: try performOnGuests(action)
        }
    }

    private func performOnGuests(_ action: HostAction) throws(HostFailure) {
        switch action {
        case .createDisk(let disk): try createDisk(disk)
        case .reserveMemory(let guest, let memory): try guestMemory.reserve(memory.bytes, for: guest, at: memory.file)
        case .releaseMemory(let guest): try guestMemory.release(guest)
        case .defineGuest(_, let xml): try libvirt.defineGuest(xml)
        case .startGuest(let name): try libvirt.startGuest(name)
        case .shutdownGuest(let name): try libvirt.shutdownGuest(name)
        case .destroyGuest(let name): try libvirt.destroyGuest(name)
        case .undefineGuest(let name): try libvirt.undefineGuest(name)
        case .defineNetwork(_, let xml): try libvirt.defineNetwork(xml)
        case .startNetwork(let name): try libvirt.startNetwork(name)
        case .stopNetwork(let name): try libvirt.stopNetwork(name)
        case .undefineNetwork(let name): try libvirt.undefineNetwork(name)
        case .definePool(_, let xml): try libvirt.definePool(xml)
        case .startPool(let name): try libvirt.startPool(name)
        case .stopPool(let name): try libvirt.stopPool(name)
        case .undefinePool(let name): try libvirt.undefinePool(name)
        default: break  // performed by the caller
        }
    }

    private func confirmBridge(
        _ name: String, ports: [String], needsAddress: Bool, undo: [HostAction], memory: inout AgentMemory
    ) throws(HostFailure) {
        let clock = ContinuousClock()
        let end = clock.now + bridgePatience
        var missing = ""
        repeat {
            let members = NetworkInterfaces.members(of: name, in: root)
            let absent = ports.filter { members?.contains($0) != true }
            if members == nil {
                missing = "there is no bridge \(name)"
            } else if !absent.isEmpty {
                missing = "\(absent.joined(separator: " ")) did not join \(name)"
            } else if needsAddress, !NetworkInterfaces.routed(in: root).contains(name) {
                missing = "\(name) has no address"
            } else {
                return
            }
            usleep(100_000)
        } while clock.now < end
        for action in undo { try? perform(action, memory: &memory) }
        throw HostFailure(.notEffective, "\(missing) after \(bridgePatience.components.seconds) s; put back")
    }
}
