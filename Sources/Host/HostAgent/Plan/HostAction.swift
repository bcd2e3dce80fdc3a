package import HostContract
package import Primitives

/// One step that changes the host. Plans are lists of these; `ActionExecutor` alone performs them.
package indirect enum HostAction: Sendable, Hashable {
    case writeFile(path: String, content: [UInt8], mode: UInt16)
    case removeFile(path: String)
    case makeDirectory(path: String, mode: UInt16)
    /// Into a file of /proc/sys.
    case setKernelParameter(path: String, value: String)
    /// A copy for the day when the item is removed.
    case keepOriginal(path: String, copy: String)
    case restoreOriginal(path: String, copy: String, mode: UInt16)
    case run(Command)
    /// Waits until a bridge has its ports, and an address if it is to have one; else performs `undo` and fails.
    case confirmBridge(name: String, ports: [String], needsAddress: Bool, undo: [HostAction])

    case createDisk(Guest.Disk)
    /// Empty memory in which the guest will outlive the kernel.
    case reserveMemory(guest: UniversalUniqueIdentifier, KeptMemory)
    case releaseMemory(guest: UniversalUniqueIdentifier)
    case defineGuest(name: String, xml: String)
    case startGuest(name: String)
    /// Asks the guest itself (ACPI); it may take its time.
    case shutdownGuest(name: String)
    case destroyGuest(name: String)
    case undefineGuest(name: String)
    case defineNetwork(name: String, xml: String)
    case startNetwork(name: String)
    case stopNetwork(name: String)
    case undefineNetwork(name: String)
    case definePool(name: String, xml: String)
    case startPool(name: String)
    case stopPool(name: String)
    case undefinePool(name: String)

    /// Into the agent's own memory.
    case remember(ItemKey, MadeItem)
    case forget(ItemKey)
    case rememberPlacement(guest: String, generation: UInt64)
}

/// What one item needs. No actions: it is in force.
package struct ItemPlan: Sendable, Hashable {
    package var actions: [HostAction]
    /// One line for the report.
    package var note: String
    /// True while something that was begun has not ended, like a guest that shuts down: look again soon, and it is not in force yet.
    package var isWaiting: Bool

    package init(_ actions: [HostAction] = [], note: String = "", isWaiting: Bool = false) {
        (self.actions, self.note, self.isWaiting) = (actions, note, isWaiting)
    }
}
