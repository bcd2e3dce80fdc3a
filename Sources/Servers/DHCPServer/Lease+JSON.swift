package import AddressPlan
import Primitives

extension Lease {
    /// The lease as JSON with sorted keys, so that the same lease is the same bytes. `JSONDecoder` reads it; `JSONEncoder` would take
    /// more time than everything else that a DHCPREQUEST needs.
    package var json: [UInt8] {
        var text = LeaseText()
        text.add("address", upTo: 15) { address.write(to: $0) }
        if let circuit { text.add("circuit", circuit) }
        if let clientIdentifier { text.add("clientIdentifier", clientIdentifier) }
        text.add("expires", expires)
        text.add("hardwareAddress", upTo: 17) { hardwareAddress.write(to: $0) }
        if let hostName { text.add("hostName", hostName) }
        text.add("state", state.rawValue)
        if let uuid { text.add("uuid", uuid.description) }
        return text.finish()
    }
}

/// One JSON object of text and whole numbers.
private struct LeaseText {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(160) }

    mutating func add(_ name: StaticString, _ circuit: RelayCircuit) {
        begin(name)
        var inner = LeaseText()
        inner.add("circuit", circuit.circuit)
        if let remote = circuit.remote { inner.add("remote", remote) }
        bytes += inner.finish()
    }

    /// A value of letters, digits and marks that JSON writes as they are.
    mutating func add(_ name: StaticString, upTo count: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { text in
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<write(text)]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            // Nearly every text here is digits and letters.
            let plain = text.allSatisfy { $0 >= 32 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            guard !plain else { return bytes.append(contentsOf: text) }
            for byte in text {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
                case 0..<32: bytes += Array("\\u00\(Hexadecimal.encode(CollectionOfOne(byte)))".utf8)
                default: bytes.append(byte)
                }
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    mutating func add(_ name: StaticString, _ value: Int64) {
        begin(name)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { text in
            var (rest, start) = (value.magnitude, 20)
            repeat {
                start -= 1
                text[start] = 48 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if value < 0 {
                start -= 1
                text[start] = UInt8(ascii: "-")
            }
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[start...]))
        }
    }

    mutating func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func begin(_ name: StaticString) {
        bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ","))
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }
}
