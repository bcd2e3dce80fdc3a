import Primitives

/// What texts of documents may look like. Each is a function from the text to the value, `nil` when it does not fit.
enum Rules {
    static let nameExpectation = "a name of a-z, 0-9, '-' and '.', each part beginning and ending with a letter or digit"

    /// A document's or host's name: labels of RFC 1123 section 2.1 in lower case, joined by dots; at most 253 bytes, 63 each.
    static func name(_ text: String) -> String? {
        guard (1...253).contains(text.utf8.count) else { return nil }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let fits = labels.allSatisfy { label in
            guard (1...63).contains(label.count), let first = label.first, let last = label.last else { return false }
            return isLowerAlphanumeric(first) && isLowerAlphanumeric(last)
                && label.allSatisfy { isLowerAlphanumeric($0) || $0 == UInt8(ascii: "-") }
        }
        return fits ? text : nil
    }

    /// A Linux network interface: 1 to 15 bytes, no `/`, `:` or space (net/core/dev.c, dev_valid_name).
    static func interfaceName(_ text: String) -> String? {
        guard (1...15).contains(text.utf8.count), text != ".", text != ".." else { return nil }
        return text.utf8.allSatisfy { isGraphic($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") } ? text : nil
    }

    /// An absolute path without `..`, empty steps or control characters; at most 4095 bytes.
    static func absolutePath(_ text: String) -> String? {
        guard text.hasPrefix("/"), (2...4095).contains(text.utf8.count) else { return nil }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        let steps = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        return steps.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." } ? text : nil
    }

    /// One kernel argument: no space or quote, and nothing that a boot script would expand. `bennu.` belongs to the boot script.
    static func kernelArgument(_ text: String) -> String? {
        guard (1...512).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) || first == UInt8(ascii: "_")
        else { return nil }
        let refused = Set("\"'\\`".utf8)
        guard text.utf8.allSatisfy({ isGraphic($0) && !refused.contains($0) }) else { return nil }
        // The break-glass console is the operator's to open, and how long a start may take his to know; everything else of ours is for the boot script to say.
        if text == "bennu.console=login" { return text }
        if text.hasPrefix("bennu.patience="), let seconds = UInt(text.dropFirst(15)), (10...86_400).contains(seconds) { return text }
        return text.hasPrefix("bennu.") || text.utf8.contains(UInt8(ascii: "$")) ? nil : text
    }

    /// A kernel parameter by its dotted or slashed name (sysctl(8)).
    static func sysctlName(_ text: String) -> String? {
        guard (1...255).contains(text.utf8.count), !text.contains("..") else { return nil }
        let marks = Set("._-/:".utf8)
        guard let first = text.utf8.first, isAlphanumeric(first) else { return nil }
        return text.utf8.allSatisfy { isAlphanumeric($0) || marks.contains($0) } ? text : nil
    }

    /// An address or a host name, for lists that take both.
    static func serverName(_ text: String) -> String? { IPv4Address(text) != nil ? text : name(text) }

    /// A name that libvirt takes for an object, and that is safe as a file name.
    static func objectName(_ text: String) -> String? {
        let marks = Set("._-".utf8)
        guard (1...64).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else { return nil }
        return text.utf8.allSatisfy { isAlphanumeric($0) || marks.contains($0) } ? text : nil
    }

    static func isLowerAlphanumeric(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
    static func isAlphanumeric(_ byte: UInt8) -> Bool { isLowerAlphanumeric(byte) || (65...90).contains(byte) }
    static func isGraphic(_ byte: UInt8) -> Bool { (0x21...0x7e).contains(byte) }
}

extension Rules {
    /// 1 to 63 letters, digits, `.`, `_`, `-` and `/`, beginning with a letter or digit.
    static func labelKey(_ text: String) -> String? {
        let marks = Set("._-/".utf8)
        guard (1...63).contains(text.utf8.count), let first = text.utf8.first, isAlphanumeric(first) else { return nil }
        return text.utf8.allSatisfy { isAlphanumeric($0) || marks.contains($0) } ? text : nil
    }
}
