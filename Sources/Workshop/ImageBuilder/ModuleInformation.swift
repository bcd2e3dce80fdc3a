/// What a kernel module says about itself: the `.modinfo` section of an ELF64 little-endian object, a sequence of NUL-ended `key=value`.
struct ModuleInformation: Hashable, Sendable {
    /// Names of modules that have to be loaded before.
    var dependencies: [String] = []
    /// Names that it asks to have loaded where they exist (`softdep`, `weakdep`).
    var softDependencies: [String] = []
    /// Patterns of the devices that it drives.
    var aliases: [String] = []
    /// Files below /lib/firmware that it may ask for.
    var firmware: [String] = []

    enum Problem: Error, Hashable {
        case notELF
        case truncated(field: String)
        case noInformation
    }

    init(_ object: [UInt8]) throws(Problem) {
        for entry in try Self.section(of: object).split(separator: 0) {
            guard let equals = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = String(decoding: entry[(equals + 1)...], as: UTF8.self)
            switch String(decoding: entry[..<equals], as: UTF8.self) {
            case "depends": dependencies += value.split(separator: ",").map(Self.name)
            case "softdep", "weakdep": softDependencies += value.split(separator: " ").filter { !$0.hasSuffix(":") }.map(Self.name)
            case "alias": aliases.append(value)
            case "firmware": firmware.append(value)
            default: break
            }
        }
    }

    /// The kernel takes `-` and `_` in a module's name for the same.
    static func name(_ text: some StringProtocol) -> String { String(text.map { $0 == "-" ? "_" : $0 }) }

    private static func section(of object: [UInt8]) throws(Problem) -> ArraySlice<UInt8> {
        guard object.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2, 1]) else { throw .notELF }
        let table = try integer(object, at: 0x28, bytes: 8, "e_shoff")
        let entrySize = try integer(object, at: 0x3a, bytes: 2, "e_shentsize")
        let count = try integer(object, at: 0x3c, bytes: 2, "e_shnum")
        let names = try integer(object, at: 0x3e, bytes: 2, "e_shstrndx")
        func header(_ index: Int) throws(Problem) -> (name: Int, range: Range<Int>) {
            let (product, overflow) = index.multipliedReportingOverflow(by: entrySize)
            let (base, carry) = table.addingReportingOverflow(product)
            guard !overflow, !carry else { throw .truncated(field: "section header") }
            let name = try integer(object, at: base, bytes: 4, "sh_name")
            let start = try integer(object, at: base &+ 0x18, bytes: 8, "sh_offset")
            let size = try integer(object, at: base &+ 0x20, bytes: 8, "sh_size")
            guard start <= object.count, size <= object.count - start else { return (name, 0..<0) }  // SHT_NOBITS takes no room
            return (name, start..<(start + size))
        }
        let strings = try header(names).range
        for index in 0..<count {
            let (name, range) = try header(index)
            guard name < strings.count else { continue }
            if object[strings].dropFirst(name).starts(with: Array(".modinfo".utf8) + [0]) { return object[range] }
        }
        throw .noInformation
    }

    private static func integer(_ object: [UInt8], at offset: Int, bytes: Int, _ field: String) throws(Problem) -> Int {
        guard offset >= 0, offset <= object.count - bytes else { throw .truncated(field: field) }
        var value: UInt64 = 0
        for index in (0..<bytes).reversed() { value = value << 8 | UInt64(object[offset + index]) }
        guard let result = Int(exactly: value) else { throw .truncated(field: field) }
        return result
    }
}
