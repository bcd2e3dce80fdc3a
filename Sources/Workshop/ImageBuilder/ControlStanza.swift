/// Paragraphs of Debian control data (deb822(5)): fields by name, continuation lines joined with newlines.
enum ControlStanza {
    static func parse(_ text: String) -> [[String: String]] {
        var stanzas: [[String: String]] = []
        var current: [String: String] = [:]
        var field: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if !current.isEmpty { stanzas.append(current) }
                current = [:]
                field = nil
            } else if line.hasPrefix(" ") || line.hasPrefix("\t") {
                if let field { current[field, default: ""] += "\n" + line.dropFirst() }
            } else if let colon = line.firstIndex(of: ":") {
                let name = String(line[..<colon])
                current[name] = String(line[line.index(after: colon)...].drop { $0 == " " })
                field = name
            }
        }
        if !current.isEmpty { stanzas.append(current) }
        return stanzas
    }
}
