import Documents
package import FleetModel
import HostContract
package import OperatorTypes
import Rollout

extension FleetState {
    /// The kernel argument that sets memory aside for guests, as far as it is known where; `nil` where no document asks for it.
    /// - Parameter given: the kernel arguments of the documents.
    func guestMemory(of record: HostRecord, mebibytes: Int?, beside given: [String]) -> GuestMemoryOutlook? {
        guard let mebibytes else { return nil }
        if let other = GuestMemoryRegion.arguments(among: given).first(where: { $0.contains("!") }) {
            return GuestMemoryOutlook(mebibytes: mebibytes, obstacle: GuestMemoryRefusal.argumentGiven(other).description)
        }
        // The first boot: only a running system can show the memory map.
        guard let inventory = record.inventory else { return GuestMemoryOutlook(mebibytes: mebibytes) }
        do throws(GuestMemoryRefusal) {
            let regions = try GuestMemoryRegion.places(mebibytes: mebibytes, in: inventory.memoryMap, nodes: inventory.memoryNodes ?? [])
            let arguments = regions.map(\.argument)
            let runs = record.boot?.kernelArguments.map { GuestMemoryRegion.arguments(among: $0) == arguments }
            return GuestMemoryOutlook(mebibytes: mebibytes, argument: arguments.joined(separator: " "), isInForce: runs ?? false)
        } catch {
            return GuestMemoryOutlook(mebibytes: mebibytes, obstacle: error.description)
        }
    }

    package func guestMemory(of record: HostRecord, name: String) -> GuestMemoryOutlook? {
        guestMemory(
            of: record, mebibytes: documents.settings(forHost: name)?.guestMemoryMiB, beside: documents.kernelArguments(forHost: name))
    }

    /// Those of the documents, and the one that sets memory aside for guests where that is possible.
    /// - Parameters:
    ///   - settings: the host's, as the documents have them.
    ///   - reference: the image to start; `nil` for the one that the documents choose.
    func kernelArguments(of record: HostRecord, name: String, settings: HostSettings, image reference: ImageReference? = nil) -> [String] {
        let given = documents.kernelArguments(forHost: name, image: reference, settings: settings)
        let memory = guestMemory(of: record, mebibytes: settings.guestMemoryMiB, beside: given)?.argument
        return given + (memory?.split(separator: " ").map(String.init) ?? [])
    }
}
