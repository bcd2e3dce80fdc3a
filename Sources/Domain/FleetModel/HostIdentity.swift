package import Primitives

/// What the site already believes: who holds which claim.
package protocol ClaimIndex {
    func host(hardwareAddress: HardwareAddress) -> HostID?
    func host(uuid: UniversalUniqueIdentifier) -> HostID?
    func claims(of host: HostID) -> HostClaims?
    /// True while another start of this host is known to be running (it reported within the last minutes).
    func isRunning(_ host: HostID) -> Bool
}

/// Who sent these claims, and what the claims change about what we know. The conflict rule, in one place.
package enum HostIdentity: Sendable, Hashable {
    /// Every claim agrees.
    case known(HostID)
    /// Known by one claim; the others are new and now belong to it.
    case learned(HostID, Change)
    /// Nothing that we know.
    case new(usesUUID: Bool)

    package enum Change: String, Sendable, Codable {
        /// The UUID is known, this hardware address is not.
        case newNIC = "new-nic"
        /// The hardware address belonged to another host; the UUID decides.
        case movedNIC = "moved-nic"
        /// The hardware address is known, with another UUID that nobody else has.
        case swappedBoard = "swapped-board"
        /// The hardware address is known, and had no usable UUID until now.
        case learnedUUID = "learned-uuid"
    }

    /// A NIC moves between boards more often than a board's UUID changes, so a distinguishing UUID that is known decides.
    /// A known UUID from a second running host with other NICs is a duplicate: then the hardware address decides, and the UUID is not used.
    package static func resolve(
        uuid: UniversalUniqueIdentifier?, hardwareAddress: HardwareAddress, in index: some ClaimIndex
    ) -> HostIdentity {
        let usable = HostClaims(uuid: uuid).distinguishingUUID
        let byAddress = index.host(hardwareAddress: hardwareAddress)
        guard let usable else { return byAddress.map { .known($0) } ?? .new(usesUUID: false) }
        switch (byAddress, index.host(uuid: usable)) {
        case (let a?, let u?) where a == u: return .known(a)
        case (let a?, let u?): return index.isRunning(u) ? .known(a) : .learned(u, .movedNIC)
        case (nil, let u?): return index.isRunning(u) ? .new(usesUUID: false) : .learned(u, .newNIC)
        case (let a?, nil):
            let hadUUID = index.claims(of: a)?.distinguishingUUID != nil
            return .learned(a, hadUUID ? .swappedBoard : .learnedUUID)
        case (nil, nil): return .new(usesUUID: true)
        }
    }
}
