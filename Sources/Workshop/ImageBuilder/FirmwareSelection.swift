import Primitives

/// The firmware files that kept modules name, found in the unpacked firmware packages or left out on purpose.
struct FirmwareSelection: Sendable {
    /// Paths below /lib/firmware of what is there, sorted: links are followed when they are copied.
    private(set) var files: [String] = []
    private(set) var missing: [ImageBuildError.MissingFirmware] = []

    /// `leftOut` are shell patterns where `*` stands for any run of characters, slashes too.
    init(modules: [KernelModules.Module], directory: String, leftOut: [String]) {
        let present = Files.exists(directory) ? Files.tree(directory) : []
        let presentSet = Set(present)
        var found: Set<String> = []
        for module in modules {
            for name in module.information.firmware {
                let variants = [name, name + ".xz", name + ".zst"]
                if name.contains("*") {
                    let matching = present.filter { Self.matches($0, pattern: name) }
                    if !matching.isEmpty {
                        found.formUnion(matching)
                        continue
                    }
                } else if let path = variants.first(where: presentSet.contains) {
                    found.insert(path)
                    continue
                }
                if leftOut.contains(where: { Self.matches(name, pattern: $0) }) { continue }
                missing.append(.init(module: module.path, file: name))
            }
        }
        files = found.sorted()
    }

    /// The patterns of a list with comments.
    static func patterns(_ text: String) -> [String] {
        text.split(separator: "\n").compactMap { line in
            let pattern = line.prefix { $0 != "#" }.split(separator: " ").first
            return pattern.map(String.init)
        }
    }

    static func matches(_ text: String, pattern: String) -> Bool {
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
        var rest = Array(text.utf8)[...]
        guard let first = pieces.first, rest.starts(with: first) else { return false }
        rest = rest.dropFirst(first.count)
        if pieces.count == 1 { return rest.isEmpty }
        for piece in pieces.dropFirst().dropLast() {
            guard let start = (rest.startIndex...rest.endIndex).first(where: { rest[$0...].starts(with: piece) }) else { return false }
            rest = rest[(start + piece.count)...]
        }
        guard let last = pieces.last else { return false }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }
}
