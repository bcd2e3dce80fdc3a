/// Takes what firmware does to a terminal (ECMA-48 control sequences, carriage returns) out of a log. Keeps its place between pieces.
struct TerminalFilter {
    private enum State { case text, escape, sequence }
    private var state = State.text

    mutating func filter(_ bytes: [UInt8]) -> [UInt8] {
        bytes.filter { byte in
            switch state {
            case .text:
                if byte == 0x1b { state = .escape }
                return byte >= 0x20 && byte != 0x7f || byte == 0x0a || byte == 0x09
            case .escape:
                // `ESC [` begins a control sequence; with anything else the two bytes are all.
                state = byte == UInt8(ascii: "[") ? .sequence : .text
                return false
            case .sequence:
                // Section 5.4: the final byte is 0x40 to 0x7e. A line's end means that the sequence was cut off.
                if (0x40...0x7e).contains(byte) || byte == 0x0a { state = .text }
                return byte == 0x0a
            }
        }
    }
}
