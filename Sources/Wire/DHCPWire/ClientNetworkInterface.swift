/// Option 94 (RFC 4578 section 2.2): the interface that firmware offers its boot program. Type 1 is UNDI.
package struct ClientNetworkInterface: Hashable, Sendable {
    package let type: UInt8
    package let major: UInt8
    package let minor: UInt8
}
