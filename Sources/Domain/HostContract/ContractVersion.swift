/// The version of what agent and servers say to each other. Images of last year meet servers of today:
/// a server accepts every version from `oldest`, and fields are only ever added as optionals.
package enum ContractVersion {
    package static let current = 1
    package static let oldest = 1
}
