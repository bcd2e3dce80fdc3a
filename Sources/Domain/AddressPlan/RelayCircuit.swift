import Primitives

/// Where a client is plugged in, as its relay agent says (RFC 3046): usually a port, and the switch that has it.
package struct RelayCircuit: Codable, Sendable, Hashable {
    /// Suboption 1 in hexadecimal.
    package var circuit: String
    /// Suboption 2 in hexadecimal; `nil` where the relay sends none, and in a reservation that any switch's port of that name fits.
    package var remote: String?

    package init(circuit: String, remote: String? = nil) { (self.circuit, self.remote) = (circuit, remote) }
}
