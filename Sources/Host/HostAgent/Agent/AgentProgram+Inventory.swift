import FoundationEssentials
import Glibc
import HostContract

extension AgentProgram {
    /// What would be reported, as JSON on standard output.
    static func printInventory() -> Int32 {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        guard let data = try? encoder.encode(InventoryReader(root: .host).read()) else { return 1 }
        print(String(decoding: data, as: UTF8.self))
        return 0
    }
}
