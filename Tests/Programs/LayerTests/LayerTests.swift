import Foundation
import Testing

/// Imports point only downwards: the committed table of layers against every `import` line and against the package's own dependencies.
struct LayerTests {
    /// From the ground up. A target may depend on targets of lower layers; within a layer only on those that stand before it in `siblings`.
    static let layers: [(room: String, targets: Set<String>)] = [
        ("Vocabulary", ["Primitives", "CSockets", "CLibvirt"]),
        ("Wire", ["DHCPWire", "TFTPWire", "TPMWire"]),
        ("Domain", ["HostContract", "GuestXML", "FleetModel", "Documents", "AddressPlan", "BootPolicy", "Rollout", "OperatorTypes"]),
        ("Storage", ["Store", "Journal", "ImageStore"]),
        ("Servers", ["DatagramIO", "Fleet", "DHCPServer", "BootServer", "HostPower", "ConfigurationServer", "OperatorServer"]),
        ("Host", ["HostAgent"]),
        ("Workshop", ["ImageBuilder", "VirtualRack"]),
        ("Operator", ["OperatorClient", "OperatorCommands"]),
        ("Programs", ["ServerAssembly", "bennu", "bennu-agent"]),
    ]

    /// The edges inside a layer: who may import whom.
    static let siblings: [String: Set<String>] = [
        "FleetModel": ["HostContract"],
        "Documents": ["HostContract", "GuestXML", "FleetModel"],
        "Rollout": ["HostContract"],
        "OperatorTypes": ["HostContract", "FleetModel", "Rollout"],
        "BootPolicy": ["FleetModel", "AddressPlan"],
        "DHCPServer": ["DatagramIO", "Fleet"],
        "HostPower": ["Fleet"],
        "BootServer": ["DatagramIO", "Fleet"],
        "ConfigurationServer": ["Fleet"],
        "OperatorServer": ["Fleet"],
        "OperatorCommands": ["OperatorClient"],
        "bennu": ["ServerAssembly"],
    ]

    /// Rooms whose targets never meet, whatever the order of layers says: the host knows no server, the operator neither.
    static let strangers: [String: Set<String>] = [
        "Host": ["Storage", "Servers"], "Workshop": ["Servers", "Host"], "Operator": ["Servers", "Host"],
    ]

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static var ours: Set<String> { layers.reduce(into: []) { $0.formUnion($1.targets) } }

    static func room(of target: String) -> Int? { layers.firstIndex { $0.targets.contains(target) } }

    @Test("every target stands in the table, in the folder of its room")
    func tableIsComplete() throws {
        for layer in Self.layers {
            let folders = try FileManager.default.contentsOfDirectory(atPath: Self.root.appending(path: "Sources/\(layer.room)").path)
            #expect(Set(folders) == layer.targets, "room \(layer.room)")
        }
    }

    @Test("every import of ours points downwards, or to a sibling that the table allows", arguments: ours.sorted())
    func importsPointDown(target: String) throws {
        let layer = try #require(Self.room(of: target))
        for module in try Self.imports(of: target).intersection(Self.ours) {
            let below = try #require(Self.room(of: module))
            let isAllowed = below < layer || below == layer && Self.siblings[target, default: []].contains(module)
            #expect(isAllowed, "\(target) imports \(module)")
            let forbidden = Self.strangers[Self.layers[layer].room, default: []]
            #expect(!forbidden.contains(Self.layers[below].room), "\(target) imports \(module)")
        }
    }

    @Test("every import is a direct dependency of its target, and every dependency of ours is imported")
    func importsAreDeclared() throws {
        let dependencies = try Self.declaredDependencies()
        for target in Self.ours.subtracting(["CSockets", "CLibvirt"]) {
            let declared = try #require(dependencies[target], "\(target) is no target of the package")
            let imports = try Self.imports(of: target).intersection(Self.ours)
            #expect(imports.subtracting(declared).isEmpty, "\(target) imports without declaring: \(imports.subtracting(declared).sorted())")
            let unused = declared.intersection(Self.ours).subtracting(imports)
            #expect(unused.isEmpty, "\(target) declares without importing: \(unused.sorted())")
        }
    }

    private static func imports(of target: String) throws -> Set<String> {
        let layer = try #require(room(of: target))
        let folder = root.appending(path: "Sources/\(layers[layer].room)/\(target)")
        let files = (FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }
        var modules: Set<String> = []
        for file in files {
            for line in try String(contentsOf: folder.appending(path: file), encoding: .utf8).split(separator: "\n") {
                let words = line.split(separator: " ")
                guard let index = words.firstIndex(of: "import"), words.prefix(index).allSatisfy({ $0 == "package" || $0.hasPrefix("@") }) else {
                    continue
                }
                modules.insert(String(words.last?.split(separator: ".").first ?? ""))
            }
        }
        return modules
    }

    private static func declaredDependencies() throws -> [String: Set<String>] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // A scratch folder of its own: the build's is locked while tests run under it.
        process.arguments = ["swift", "package", "--package-path", root.path, "--scratch-path", root.path + "/.build/layers", "dump-package"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        struct Dump: Decodable {
            struct Target: Decodable {
                struct Dependency: Decodable {
                    var names: [String]
                    init(from decoder: any Decoder) throws {
                        struct Name: Decodable {
                            var text: String?
                            init(from decoder: any Decoder) throws {
                                text = try? decoder.singleValueContainer().decode(String.self)
                            }
                        }
                        let kinds = try decoder.singleValueContainer().decode([String: [Name]].self)
                        names = kinds.values.compactMap { $0.first?.text }
                    }
                }
                var name: String
                var dependencies: [Dependency]
            }
            var targets: [Target]
        }
        let dump = try JSONDecoder().decode(Dump.self, from: data)
        return Dictionary(uniqueKeysWithValues: dump.targets.map { ($0.name, Set($0.dependencies.flatMap(\.names))) })
    }
}
