import FleetModel
import FoundationEssentials
import Primitives

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

    /// What `JSONEncoder` makes of an event, but for the order of keys and escapes that need not be.
    private static func json(_ event: BootEvent) -> [UInt8] {
        var text = JSONText(capacity: 512)
        text.add("sequence", event.sequence)
        text.add("time", event.time)
        if let host = event.host { text.add("host", host.description) }
        if let boot = event.boot { text.add("boot", boot.description) }
        text.add("source", event.source.rawValue)
        text.add("name", event.name)
        text.add("detail", event.detail)
        text.add("attributes", event.attributes)
        return text.finish()
    }
}
