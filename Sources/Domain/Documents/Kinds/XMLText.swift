/// libvirt's XML as an operator pastes it. It goes to libvirt as it is; only what would surely fail there is found here.
enum XMLText {
    /// Text that begins with the element `root` and names itself `name`; at most 1 MiB.
    static func read(_ cursor: Cursor, root: String, name: String?) -> String? {
        let xml = cursor.parsed("libvirt XML that begins with <\(root)>") { text -> String? in
            guard text.utf8.count <= 1 << 20 else { return nil }
            var rest = text.drop { $0.isWhitespace }
            while rest.hasPrefix("<?") || rest.hasPrefix("<!--") {
                let ending = rest.hasPrefix("<?") ? "?>" : "-->"
                guard let end = rest.firstRange(of: ending) else { return nil }
                rest = rest[end.upperBound...].drop { $0.isWhitespace }
            }
            guard rest.hasPrefix("<\(root)"), let next = rest.dropFirst(root.count + 1).first else { return nil }
            return next == ">" || next.isWhitespace ? text : nil
        }
        if let xml, let name, !xml.contains("<name>\(name)</name>") {
            cursor.report(.invalidValue, "the XML does not name itself \"\(name)\"", hint: "write <name>\(name)</name> in it")
        }
        return xml
    }
}
