import Documents
import Fleet
import FleetModel
import HostContract
import Primitives

/// Random numbers that are the same in every run.
struct Sequence64: RandomNumberGenerator {
    var state: UInt64 = 1

    // SplitMix64 (Steele, Lea and Flood, 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

/// A fleet's state with the time and randomness that its transitions ask for.
struct StateFixture {
    var state = FleetState()
    var generator = Sequence64()
    var now: Int64 = 1_000_000

    init() {}

    /// With documents in force and one image, `kvm:1`.
    init(_ documents: String) {
        addImage("kvm:1", byte: 1)
        adopt(documents)
    }

    mutating func adopt(_ text: String) {
        let parsed = DocumentParser.parse(files: [SourceFile(path: "site.yaml", text: text)])
        precondition(parsed.problems.isEmpty, "\(parsed.problems)")
        state.adopt(DocumentSet(parsed.documents), revision: state.revision + 1, now: now, using: &generator)
    }

    @discardableResult
    mutating func addImage(_ reference: String, byte: UInt8) -> Digest {
        func blob(_ part: UInt8, _ role: String) -> PublishedBlob {
            PublishedBlob(digest: Self.digest(byte, part), path: "/nowhere", size: 1, role: role)
        }
        let image = CatalogImage(
            digest: Self.digest(byte, 0), kernel: blob(1, "kernel"), initrds: [blob(2, "initrd")], root: blob(3, "root"), bootFiles: [:],
            kernelVersion: "6.12", packageCount: 1)
        state.publish(Array(state.images.values) + [image])
        if let reference = ImageReference(reference) { state.references[reference] = image.digest }
        return image.digest
    }

    static func digest(_ first: UInt8, _ last: UInt8) -> Digest {
        let bytes = [first] + [UInt8](repeating: 0, count: 30) + [last]
        return Digest("sha256:" + Hexadecimal.encode(bytes))!  // 64 hexadecimal digits always parse
    }

    @discardableResult
    mutating func see(
        _ number: Int, _ stage: Sighting.Stage, uuid: UniversalUniqueIdentifier? = nil, first: Bool = true, after: Int64 = 1000
    ) -> (host: SightedHost, events: [String]) {
        now += after
        let sighting = Sighting(stage: stage, hardwareAddress: mac(number), uuid: uuid, firmware: "x64-uefi", isFirstMessage: first)
        let (host, events) = state.sight(sighting, now: now, using: &generator)
        return (host, events.map(\.name))
    }

    mutating func decide(_ number: Int, uuid: UniversalUniqueIdentifier? = nil) -> BootDecision {
        now += 1000
        return state.decideBoot(of: Sighting(stage: .script, hardwareAddress: mac(number), uuid: uuid), now: now, using: &generator).0
    }

    /// DHCP, the script and the claim of one boot; the record afterwards.
    @discardableResult
    mutating func boot(_ number: Int) throws -> HostRecord {
        see(number, .firmware)
        see(number, .loader)
        _ = decide(number)
        let record = try state.judge(claim(number), now: now).get()
        state.put(record)
        return record
    }

    func record(_ number: Int) -> HostRecord? { state.host(named: "\(mac(number))") }

    func claim(_ number: Int, nonce: String = String(repeating: "a", count: 32)) -> BootClaim {
        BootClaim(boot: record(number)?.boot?.id.description ?? "b-none", uuid: nil, macs: [mac(number)], nonce: nonce)
    }
}

func mac(_ number: Int) -> HardwareAddress { HardwareAddress(value: 0x5254_0000_0000 + UInt64(number)) }

func board(_ number: UInt64) -> UniversalUniqueIdentifier { UniversalUniqueIdentifier(high: 0x1111_2222_3333_4444, low: number + 1) }
