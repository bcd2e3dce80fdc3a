package import FleetModel
import Primitives

extension HostRecord {
    /// What `JSONEncoder` makes of it, but for the order of members: a storm writes thousands of records, most of hosts that have shown nothing
    /// but how far their boot came.
    package var json: [UInt8] {
        get throws {
            var text = JSONText(capacity: 512)
            text.add("id", id.description)
            var claimed = JSONText()
            if let uuid = claims.uuid { claimed.add("uuid", uuid.description) }
            claimed.add("hardwareAddresses", claims.hardwareAddresses.map(\.description))
            text.add("claims", claimed)
            if let document { text.add("document", document) }
            text.add("discoveredAt", discoveredAt)
            if let firmware { text.add("firmware", firmware) }
            if let boot { text.add("boot", try boot.json) }
            if let overtaken { text.add("overtaken", try overtaken.json) }
            try text.add("inventory", encoded: inventory)
            try text.add("upgrade", encoded: upgrade)
            try text.add("renewal", encoded: renewal)
            try text.add("lastGood", encoded: lastGood)
            try text.add("trouble", encoded: trouble)
            try text.add("ended", encoded: ended)
            try text.add("standIn", encoded: standIn)
            return text.finish()
        }
    }
}

extension BootRecord {
    fileprivate var json: JSONText {
        get throws {
            var text = JSONText(capacity: 512)
            text.add("id", id.description)
            text.add("kind", kind.rawValue)
            if let predecessor { text.add("predecessor", predecessor.description) }
            text.add("phase", phase.rawValue)
            text.add("startedAt", startedAt)
            if let operationalAt { text.add("operationalAt", operationalAt) }
            if let image { text.add("image", image.description) }
            if let kernel { text.add("kernel", kernel.description) }
            if let kernelArguments { text.add("kernelArguments", kernelArguments) }
            if let nonce { text.add("nonce", nonce) }
            if let address { text.add("address", address.description) }
            if let lastReport { text.add("lastReport", lastReport) }
            try text.add("status", encoded: status)
            if let steps { text.add("steps", steps.map(\.rawValue)) }
            if let loadersSent { text.add("loadersSent", Int64(loadersSent)) }
            if let queued { text.add("queued", queued) }
            return text
        }
    }
}

extension JSONText {
    fileprivate mutating func add(_ name: StaticString, encoded value: (some Encodable)?) throws {
        if let value { add(name, json: try FleetKeys.encode(value)) }
    }
}
