import Primitives

/// Who fetches what, and for how long.
struct FetchPlan {
    var server: IPv4Address
    var port: UInt16
    var name: String
    /// Client `i` has the i-th address from here on.
    var firstAddress: IPv4Address
    var clients: Int
    /// What is asked for; 512 and 1 are not asked for.
    var blockSize: Int
    var windowSize: Int
    /// Whether each block that is out of order is acknowledged by the last one in order, as UEFI firmware does; else the first of those that come
    /// together, as U-Boot does.
    var answersAllDisorder: Bool
    /// Fetches again and again until then; `nil` fetches `times` times.
    var seconds: Int?
    var times: Int
}

/// What came of it.
struct FetchSummary: CustomStringConvertible {
    var bytes = 0
    var seconds = 0.0
    var transfers = 0
    var errors = 0
    /// Blocks whose bytes are not those of the file.
    var wrongBlocks = 0
    /// Packets that clients sent again because nothing came for a second.
    var resent = 0
    /// Blocks that a client had already, or that came after a gap.
    var outOfOrder = 0
    /// Bytes of the client that got least, in percent of those that an average client got. When the first transfer ended, where each is made once.
    var least = 0
    /// Percent of the time that the clients had nothing to do: near 0 they are what limits.
    var idle = 0
    /// The first ERROR packet's text.
    var message = ""

    var description: String {
        let rate = seconds > 0 ? Double(bytes) / seconds / 1e6 : 0
        return "bytes=\(bytes) seconds=\(rounded(seconds)) rate=\(rounded(rate)) transfers=\(transfers) errors=\(errors) wrong=\(wrongBlocks) "
            + "resent=\(resent) outoforder=\(outOfOrder) least=\(least) idle=\(idle)\(message.isEmpty ? "" : " message=\(message)")"
    }

    private func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
