/// How full the pools of the DHCP server are, and what strangers (hosts without a Host document) have of them.
package struct AddressUse: Codable, Sendable, Hashable {
    package struct Pool: Codable, Sendable, Hashable {
        /// Of the pools, excluded ones left out.
        package var addresses: Int
        /// Of those, leased or offered.
        package var held: Int
        /// Of those, given to nobody because something else answers for them.
        package var declined: Int
        /// Strangers that hold an address of the subnet, and addresses that strangers declined, since the server started.
        package var strangers: Int
        /// As many as `unknownPercent` lets be.
        package var mostStrangers: Int?
        /// The same at one switch port: `unknownPerCircuit`.
        package var mostStrangersPerPort: Int?

        package init(addresses: Int, held: Int, declined: Int, strangers: Int, mostStrangers: Int?, mostStrangersPerPort: Int?) {
            (self.addresses, self.held, self.declined, self.strangers) = (addresses, held, declined, strangers)
            (self.mostStrangers, self.mostStrangersPerPort) = (mostStrangers, mostStrangersPerPort)
        }
    }

    /// A relay circuit.
    package struct Port: Codable, Sendable, Hashable {
        /// Options 82.1 and 82.2 in hexadecimal.
        package var circuit: String
        package var remote: String?
        /// As in `Pool`, whatever their subnet.
        package var strangers: Int

        package init(circuit: String, remote: String?, strangers: Int) {
            (self.circuit, self.remote, self.strangers) = (circuit, remote, strangers)
        }
    }

    /// By subnet, where we give the addresses.
    package var subnets: [String: Pool] = [:]
    /// The switch ports with the most strangers, at most `mostPorts` of them; none without one.
    package var ports: [Port] = []

    package static let mostPorts = 1000

    package init() {}
}
