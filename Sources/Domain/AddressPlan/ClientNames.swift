import Primitives

/// What a client says of itself beside its hardware address. Most say nothing; an object, so that a lease is copied by counting one
/// reference.
final class ClientNames: Sendable {
    let uuid: UniversalUniqueIdentifier?
    let clientIdentifier: String?
    let hostName: String?
    let circuit: RelayCircuit?

    /// `nil` where nothing is said.
    static func make(
        uuid: UniversalUniqueIdentifier?, clientIdentifier: String?, hostName: String?, circuit: RelayCircuit?
    ) -> ClientNames? {
        if uuid == nil, clientIdentifier == nil, hostName == nil, circuit == nil { return nil }
        return ClientNames(uuid, clientIdentifier, hostName, circuit)
    }

    private init(_ uuid: UniversalUniqueIdentifier?, _ clientIdentifier: String?, _ hostName: String?, _ circuit: RelayCircuit?) {
        (self.uuid, self.clientIdentifier, self.hostName, self.circuit) = (uuid, clientIdentifier, hostName, circuit)
    }
}

extension ClientNames: Hashable {
    static func == (a: ClientNames, b: ClientNames) -> Bool {
        a === b || (a.uuid == b.uuid && a.clientIdentifier == b.clientIdentifier && a.hostName == b.hostName && a.circuit == b.circuit)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(uuid)
        hasher.combine(clientIdentifier)
        hasher.combine(hostName)
        hasher.combine(circuit)
    }
}
