/// Lease times on the wire: whole seconds in 32 bits, all ones for ever (RFC 2131 section 3.3).
package enum DHCPDuration {
    package static let infinite: Duration = .seconds(Int64(UInt32.max))

    static func duration(seconds: UInt32) -> Duration { .seconds(Int64(seconds)) }

    /// Rounded down, and held within what 32 bits can say.
    static func seconds(of duration: Duration) -> UInt32 { UInt32(clamping: duration.components.seconds) }
}
