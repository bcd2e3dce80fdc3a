import Primitives

/// The mapping `options` of a Subnet, a reservation or a Host: DHCP options by name, or by code with the type of their value.
enum DHCPOptionFields {
    /// How an option's value stands on the wire (RFC 2132 section 2).
    enum Format: String, CaseIterable {
        case text, hex, addresses, names, flag, unsigned8, unsigned16, unsigned32, signed32
    }

    /// What has a field of its own, and what the server itself must say.
    private static let taken: [UInt8: String] = [
        1: "prefix", 3: "routers", 6: "nameServers", 15: "domainName", 42: "timeServers", 51: "leaseTime", 121: "routes",
    ]
    private static let ours: Set<UInt8> = [0, 50, 52, 53, 54, 55, 57, 58, 59, 60, 61, 66, 67, 82, 93, 94, 97, 118, 175, 255]

    /// Bytes by code.
    static func read(_ cursor: Cursor?) -> [UInt8: [UInt8]] {
        guard let entries = cursor?.entries(expecting: "options by name or code, like {interfaceMTU: 9000}") else { return [:] }
        var options: [UInt8: [UInt8]] = [:]
        for (name, value, key) in entries {
            guard let (code, bytes) = option(name, value, at: key.position) else { continue }
            if options[code] != nil {
                value.report(.duplicateItem, "option \(code) is given twice, by name and by code", hint: "remove one of them", at: key.position)
            }
            options[code] = bytes
        }
        return options
    }

    private static func option(_ name: String, _ value: Cursor, at position: SourcePosition) -> (UInt8, [UInt8])? {
        if let known = KnownDHCPOption.named[name] {
            return bytes(value, known.format, known.limit).flatMap { isWithin($0, known, name, value) ? (known.code, $0) : nil }
        }
        guard let code = UInt8(name), String(code) == name else {
            let near = NearestName.of(name, among: Array(KnownDHCPOption.named.keys)).map { "did you mean \($0)?" }
            let hint =
                near ?? "known names: \(KnownDHCPOption.named.keys.sorted().joined(separator: ", ")); any other by its code, like 224: {text: abc}"
            value.report(.unknownField, "no option is called \"\(name.prefix(60))\"", hint: hint, at: position)
            return nil
        }
        if let field = taken[code] {
            value.report(.invalidValue, "option \(code) has a field of its own", hint: "write \(field) instead", at: position)
            return nil
        }
        guard !ours.contains(code) else {
            value.report(.invalidValue, "option \(code) is the server's own to say", hint: "remove it", at: position)
            return nil
        }
        let formats = Format.allCases.map(\.rawValue)
        guard let fields = value.fields(formats) else { return nil }
        guard let field = formats.first(where: { fields[$0] != nil }), let format = Format(rawValue: field),
            let inner = fields[field]
        else {
            value.report(
                .invalidValue, "an option by code needs the type of its value",
                hint: "write \(code): {text: abc}, or one of: \(formats.joined(separator: ", "))")
            return nil
        }
        guard let name = KnownDHCPOption.names[code], let known = KnownDHCPOption.named[name] else {
            return bytes(inner, format).map { (code, $0) }
        }
        let what = "option \(code) is \(name), \(known.format.what)"
        let hint = "write \(name): …, or \(code): {\(known.format.rawValue): …}"
        guard format == known.format || format == .hex else {
            inner.report(.wrongType, "\(what), and not \(format.what)", hint: hint)
            return nil
        }
        guard let bytes = bytes(inner, format, known.limit) else { return nil }
        guard known.format.canBe(bytes) else {
            inner.report(.invalidValue, "\(what), which these \(bytes.count) bytes are not", hint: hint)
            return nil
        }
        return isWithin(bytes, known, name, inner) ? (code, bytes) : nil
    }

    private static func isWithin(_ bytes: [UInt8], _ known: KnownDHCPOption, _ name: String, _ cursor: Cursor) -> Bool {
        guard let expectation = known.limit.broken(by: bytes) else { return true }
        cursor.report(.invalidValue, "\(name) (option \(known.code)) must be \(expectation)")
        return false
    }

    private static func bytes(_ cursor: Cursor, _ format: Format, _ limit: KnownDHCPOption.Limit = .none) -> [UInt8]? {
        func number(in range: ClosedRange<Int>, _ count: Int) -> [UInt8]? {
            cursor.integer(in: range).map { value in (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) } }
        }
        switch format {
        case .text:
            return cursor.parsed("text of 1 to 1000 bytes") { (1...1000).contains($0.utf8.count) && !$0.utf8.contains(0) ? Array($0.utf8) : nil }
        case .hex: return cursor.parsed("bytes in hexadecimal like 0104:ff, at most 1000 of them", Rules.hexadecimal)
        case .addresses:
            let addresses: [IPv4Address] =
                limit.allowsRepeats ? cursor.list(of: "IPv4 addresses") { $0.value() } : cursor.list(of: "IPv4 addresses")
            return addresses.isEmpty ? nil : addresses.flatMap(\.bytes)
        case .names:
            let names = cursor.list(of: "domain names", uniqueBy: \.self) { $0.parsed("a domain name like lab.example", Rules.name) }
            return names.isEmpty ? nil : names.flatMap(labels)
        case .flag: return cursor.flag().map { [$0 ? 1 : 0] }
        case .unsigned8: return number(in: 0...Int(UInt8.max), 1)
        case .unsigned16: return number(in: 0...Int(UInt16.max), 2)
        case .unsigned32: return number(in: 0...Int(UInt32.max), 4)
        case .signed32: return number(in: Int(Int32.min)...Int(Int32.max), 4)
        }
    }

    /// RFC 1035 section 3.1, uncompressed: every client can read it.
    private static func labels(_ name: String) -> [UInt8] {
        name.utf8.split(separator: UInt8(ascii: ".")).flatMap { [UInt8(clamping: $0.count)] + $0 } + [0]
    }
}

extension Rules {
    /// Pairs of hexadecimal digits, with or without `0x` in front and colons between; 1 to 1000 bytes.
    static func hexadecimal(_ text: String) -> [UInt8]? {
        let digits = (text.hasPrefix("0x") ? text.dropFirst(2) : text[...]).utf8.filter { $0 != UInt8(ascii: ":") }
        guard let bytes = Hexadecimal.decode(digits), (1...1000).contains(bytes.count) else { return nil }
        return bytes
    }
}
