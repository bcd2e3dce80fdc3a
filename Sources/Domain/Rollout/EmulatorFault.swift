/// Versions of QEMU between which a guest's devices cannot be handed over, though its machine type is known to both. Each was found by trying.
struct EmulatorFault {
    let from: [Int]
    let to: [Int]
    let text: String

    static let known = [
        EmulatorFault(
            from: [10, 0, 13], to: [11, 1],
            text: "QEMU 10.0.13 saves virtio queues with 1024 entries, whatever their size; 11.1 and later take them for an attack")
    ]

    /// - Parameters:
    ///   - old, new: Debian's versions: `1:10.0.13+ds-0+deb13u1`.
    static func between(_ old: String, _ new: String) -> EmulatorFault? {
        let (old, new) = (upstream(old), upstream(new))
        return known.first { old.starts(with: $0.from) && !new.lexicographicallyPrecedes($0.to) }
    }

    /// The numbers of `[epoch:]upstream[-revision]` (deb-version(7)), up to the first part that has other characters.
    private static func upstream(_ version: String) -> [Int] {
        let text = version.split(separator: ":", maxSplits: 1).last ?? ""
        return text.prefix { $0.isNumber || $0 == "." }.split(separator: ".").compactMap { Int($0) }
    }
}
