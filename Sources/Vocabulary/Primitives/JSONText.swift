/// One JSON object (RFC 8259) as it is written, member by member. `JSONDecoder` reads it; `JSONEncoder` takes ten times as long, which is
/// more than everything else that a DHCPREQUEST or an event of a boot storm needs.
package struct JSONText {
    private var bytes: [UInt8] = []

    package init(capacity: Int = 160) { bytes.reserveCapacity(capacity) }

    package mutating func add(_ name: StaticString, _ value: String) {
        begin(name)
        quote(value)
    }

    package mutating func add(_ name: StaticString, _ value: Int64) {
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

    package mutating func add(_ name: StaticString, _ value: JSONText) {
        begin(name)
        var value = value
        bytes += value.finish()
    }

    /// A value that is JSON already.
    package mutating func add(_ name: StaticString, json: [UInt8]) {
        begin(name)
        bytes += json
    }

    package mutating func add(_ name: StaticString, _ values: [String]) {
        begin(name)
        bytes.append(UInt8(ascii: "["))
        for (index, value) in values.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            quote(value)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    package mutating func add(_ name: StaticString, _ values: [String: String]) {
        var object = JSONText()
        for (name, value) in values {
            object.separate()
            object.quote(name)
            object.bytes.append(UInt8(ascii: ":"))
            object.quote(value)
        }
        add(name, object)
    }

    /// A text of at most `count` bytes, none of which JSON escapes; `write` says how many there are.
    package mutating func add(_ name: StaticString, upTo count: Int, _ write: (UnsafeMutableBufferPointer<UInt8>) -> Int) {
        begin(name)
        bytes.append(UInt8(ascii: "\""))
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { text in
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<write(text)]))
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// The object with all its members. Nothing is added behind it.
    package mutating func finish() -> [UInt8] {
        if bytes.isEmpty { bytes.append(UInt8(ascii: "{")) }
        bytes.append(UInt8(ascii: "}"))
        var finished: [UInt8] = []
        swap(&finished, &bytes)
        return finished
    }

    private mutating func separate() { bytes.append(bytes.isEmpty ? UInt8(ascii: "{") : UInt8(ascii: ",")) }

    /// `name` needs no escapes.
    private mutating func begin(_ name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { bytes.append(contentsOf: $0) }
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
    }

    /// Section 7: quotation marks, backslashes and control characters are escaped.
    private mutating func quote(_ value: String) {
        bytes.append(UInt8(ascii: "\""))
        var value = value
        value.withUTF8 { text in
            // Nearly every text here is digits and letters.
            let isPlain = text.allSatisfy { $0 >= 32 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
            guard !isPlain else { return bytes.append(contentsOf: text) }
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
}
