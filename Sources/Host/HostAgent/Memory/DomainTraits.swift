import FoundationEssentials
package import GuestXML
import Primitives

/// What a domain's XML says about keeping the guest while its hypervisor changes. Elements are looked at by name: libvirt's own parser judges the rest.
package struct DomainTraits: Sendable, Hashable {
    /// Why it can be neither kept in place nor saved; `nil` when it can.
    package var fixture: String?
    /// The program of the host's own that it needs; `nil` when it needs none.
    package var program: String?
    /// True when its memory can be a file that we name: no NUMA nodes of its own, no huge pages, nothing to plug in later.
    package var hasPlainMemory: Bool
    /// Its memory is such a file already.
    package var isKept: Bool
    /// Files that are its disks.
    package var files: [String]
    /// Block devices that are its disks.
    package var devices: [String]
    /// Volumes that are its disks and whose path is not known: `pool/name`.
    package var unknownVolumes: [String]
    /// Disks that its QEMU has over the network by itself.
    package var networkDisks: [NetworkDisk]
    /// Those of the host that its own are bound to; `nil` for all.
    package var processors: Set<Int>?
    /// QEMU's word.
    package var machineType: String?
    /// Bytes; `nil` when it says none that can be read.
    package var memory: UInt64?

    /// - Parameter volume: the path of a volume by its pool and name, where disks are volumes.
    package init?(_ xml: String, volume: (_ pool: String, _ name: String) -> String? = { _, _ in nil }) {
        guard let document = VerbatimXML(xml) else { return nil }
        let tags = document.tags
        let ties = KernelTies(document)
        (fixture, program) = (ties.fixture, ties.program)
        hasPlainMemory = ties.memory == nil
        machineType = document.machineType
        let sources = tags.filter { $0.name == "source" }.map(\.text)
        var volumes: [String] = []
        unknownVolumes = []
        for source in sources {
            guard let pool = VerbatimXML.attribute("pool", of: source), let name = VerbatimXML.attribute("volume", of: source) else { continue }
            if let path = volume(pool, name) { volumes.append(path) } else { unknownVolumes.append("\(pool)/\(name)") }
        }
        let named = sources.compactMap { VerbatimXML.attribute("file", of: $0) } + volumes.filter { !$0.hasPrefix("/dev/") }
        files = named.filter { $0.hasPrefix("/") }
        devices = (sources.compactMap { VerbatimXML.attribute("dev", of: $0) } + volumes).filter { $0.hasPrefix("/dev/") }
        networkDisks = NetworkDisk.all(in: document)
        isKept = tags.contains { $0.text.contains("memory-backend=\(KeptMemory.object)") }
        processors = tags.first { $0.name == "vcpu" }.flatMap { VerbatimXML.attribute("cpuset", of: $0.text) }.flatMap {
            ProcessorList($0)?.processors
        }
        memory = document.text(of: "memory").flatMap { UInt64($0) }.flatMap { count in
            let tag = tags.first { $0.name == "memory" }?.text ?? ""
            let unit = tag.split(separator: "unit=").dropFirst().first?.dropFirst().prefix { $0 != "'" && $0 != "\"" } ?? "KiB"
            return Self.bytes(count, unit: unit)
        }
    }

    /// libvirt's units (format domain, memory allocation); it rounds up to whole MiB, as we do.
    private static func bytes(_ count: UInt64, unit: Substring) -> UInt64? {
        let factors: [Substring: UInt64] = [
            "b": 1, "bytes": 1, "KB": 1000, "k": 1 << 10, "KiB": 1 << 10, "MB": 1_000_000, "M": 1 << 20, "MiB": 1 << 20,
            "GB": 1_000_000_000, "G": 1 << 30, "GiB": 1 << 30, "TB": 1_000_000_000_000, "T": 1 << 40, "TiB": 1 << 40,
        ]
        guard let factor = factors[unit] else { return nil }
        let (bytes, overflows) = count.multipliedReportingOverflow(by: factor)
        guard !overflows, bytes > 0, bytes < 1 << 50 else { return nil }
        return (bytes + (1 << 20) - 1) / (1 << 20) * (1 << 20)
    }
}

/// A guest's memory as arguments of QEMU. libvirt has no words for a file of that name, so they go past it (`qemu:commandline`).
package struct KeptMemory: Sendable, Hashable {
    static let object = "bennu-memory"
    package var file: String
    package var bytes: UInt64
    package init(file: String, bytes: UInt64) { (self.file, self.bytes) = (file, bytes) }

    /// - Returns: `nil` when the XML is not well-formed.
    package func injected(into xml: String) -> String? {
        QEMUArguments([
            "-object", "memory-backend-file,id=\(Self.object),size=\(bytes),mem-path=\(file),share=on,align=\(2 << 20)", "-machine",
            "memory-backend=\(Self.object)",
        ]).injected(into: xml)
    }
}

/// Arguments that libvirt passes on to QEMU as they are.
struct QEMUArguments {
    let arguments: [String]
    init(_ arguments: [String]) { self.arguments = arguments }

    /// - Returns: `nil` when the XML is not well-formed.
    func injected(into xml: String) -> String? {
        let words = arguments.map { "<qemu:arg value='\(VerbatimXML.escape($0))'/>" }.joined()
        return VerbatimXML(xml)?.appending(
            "<qemu:commandline xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\(words)</qemu:commandline>")
    }
}
