import FleetModel
import FoundationEssentials

/// An event as the file keeps it: its JSON. The sequence is the row's.
enum EventBody {
    /// `limit` bounds the JSON of what strangers can fill; what identifies the event is always kept.
    static func encode(_ event: BootEvent, limit: Int) throws -> Data {
        let whole = try JSONEncoder().encode(event)
        if whole.count <= limit { return whole }
        var cut = event
        // JSON writes one byte of a hostile text as up to six (`\u0000`).
        cut.detail = String(event.detail.unicodeScalars.prefix(limit / 8).map(Character.init))
        cut.name = String(event.name.unicodeScalars.prefix(128).map(Character.init))
        cut.attributes = ["truncated": "true"]
        return try JSONEncoder().encode(cut)
    }

    /// `nil` where the row does not parse: written by another release, or damaged.
    static func decode(_ body: Data, sequence: Int64) -> BootEvent? {
        guard var event = try? JSONDecoder().decode(BootEvent.self, from: body) else { return nil }
        event.sequence = sequence
        return event
    }
}
