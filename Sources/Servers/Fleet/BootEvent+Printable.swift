import FleetModel

extension BootEvent {
    /// The event without control characters: hosts and strangers write parts of it, and people read it on terminals.
    var printable: BootEvent {
        if Self.isPlain(name), Self.isPlain(detail), attributes.values.allSatisfy(Self.isPlain) { return self }
        var event = self
        event.name = Self.printable(name)
        event.detail = Self.printable(detail)
        event.attributes = attributes.mapValues(Self.printable)
        return event
    }

    /// Nearly every text is plain ASCII, and that is seen without the tables of Unicode.
    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (32..<127).contains($0) } }

    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "·" : $0 }))
    }

    /// C0, DEL, C1, and the marks that turn the direction of text (Unicode categories Cc and Cf).
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        [.control, .format].contains(scalar.properties.generalCategory)
    }
}
