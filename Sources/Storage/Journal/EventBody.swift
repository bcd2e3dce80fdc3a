import FleetModel
import FoundationEssentials

/// An event as the file keeps it: its JSON. The sequence is the row's.
enum EventBody {
    /// `limit` bounds the JSON of what strangers can fill; what identifies the event is always kept.
    static func encode(_ event: BootEvent, limit: Int) -> Data {
        let whole = json(event)
        if whole.count <= limit { return Data(whole) }
        var cut = event
        // JSON writes one byte of a hostile text as up to six (`\u0000`).
        cut.detail = String(event.detail.unicodeScalars.prefix(limit / 8).map(Character.init))
        cut.name = String(event.name.unicodeScalars.prefix(128).map(Character.init))
        cut.attributes = ["truncated": "true"]
        return Data(json(cut))
    }

    /// `nil` where the row does not parse: written by another release, or damaged.
    static func decode(_ body: Data, sequence: Int64) -> BootEvent? {
        guard var event = try? JSONDecoder().decode(BootEvent.self, from: body) else { return nil }
        event.sequence = sequence
        return event
    }

    /// What `JSONEncoder` makes of an event, but for the order of keys and escapes that need not be; in a tenth of its time, and a storm writes
    /// thousands a second.
    private static func json(_ event: BootEvent) -> [UInt8] {
        var text = JSONText()
        text.append("{\"sequence\":\(event.sequence),\"time\":\(event.time)")
        if let host = event.host { text.append("host", host.description) }
        if let boot = event.boot { text.append("boot", boot.description) }
        text.append("source", event.source.rawValue)
        text.append("name", event.name)
        text.append("detail", event.detail)
        text.append(",\"attributes\":{")
        var isFirst = true
        for (name, value) in event.attributes {
            if !isFirst { text.append(",") }
            isFirst = false
            text.quote(name)
            text.append(":")
            text.quote(value)
        }
        text.append("}}")
        return text.bytes
    }
}

/// JSON (RFC 8259) as it is written.
private struct JSONText {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(512) }

    mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

    /// Another member of an object that has one: `,"name":"value"`, where the name needs no escapes.
    mutating func append(_ name: String, _ value: String) {
        append(",\"")
        append(name)
        append("\":")
        quote(value)
    }

    /// Section 7: quotation marks, backslashes and control characters are escaped.
    mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                bytes.append(UInt8(ascii: "\\"))
                bytes.append(byte)
            case 0..<32:
                append("\\u00")
                bytes.append(UInt8(ascii: "0") + byte >> 4)
                bytes.append(byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + byte & 15 - 10)
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
