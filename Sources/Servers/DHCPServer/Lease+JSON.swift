package import AddressPlan
import Primitives

extension Lease {
    /// The lease as JSON with sorted keys, so that the same lease is the same bytes.
    package var json: [UInt8] {
        var text = JSONText()
        text.add("address", upTo: 15) { address.write(to: $0) }
        if let circuit { text.add("circuit", circuit.json) }
        if let clientIdentifier { text.add("clientIdentifier", clientIdentifier) }
        text.add("expires", expires)
        text.add("hardwareAddress", upTo: 17) { hardwareAddress.write(to: $0) }
        if let hostName { text.add("hostName", hostName) }
        text.add("state", state.rawValue)
        if let uuid { text.add("uuid", uuid.description) }
        return text.finish()
    }
}

extension RelayCircuit {
    fileprivate var json: JSONText {
        var text = JSONText()
        text.add("circuit", circuit)
        if let remote { text.add("remote", remote) }
        return text
    }
}
