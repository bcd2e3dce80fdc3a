import GuestXML

/// libvirt's notes about a running guest (`/run/libvirt/qemu/NAME.xml`), made true for another process of QEMU: its next daemon takes the guest over
/// by them, as it does after a restart of its own.
package struct DomainStatus: Sendable, Hashable {
    package let text: String

    /// - Parameters:
    ///   - threads: of virtual processors, by their number.
    ///   - terminals: new paths of pseudo terminals, by the old ones.
    /// - Returns: `nil` for what are no such notes.
    package init?(_ old: String, process: Int32, threads: [Int: Int32], terminals: [String: String]) {
        guard let document = VerbatimXML(old), let root = document.tags.first, root.name == "domstatus",
            VerbatimXML.attribute("pid", of: root.text) != nil
        else { return nil }
        var text = old.replacing(root.text, with: Self.replacing("pid", by: "\(process)", in: root.text), maxReplacements: 1)
        // The new one has no mount namespace of its own.
        if let start = text.firstRange(of: "<namespaces>"), let end = text.firstRange(of: "</namespaces>"), start.lowerBound < end.lowerBound {
            text.removeSubrange(start.lowerBound..<end.upperBound)
        }
        for (number, thread) in threads {
            let tag = document.tags.first { $0.name == "vcpu" && VerbatimXML.attribute("id", of: $0.text) == "\(number)" }?.text
            guard let tag else { continue }
            text = text.replacing(tag, with: Self.replacing("pid", by: "\(thread)", in: tag), maxReplacements: 1)
        }
        self.text = Self.renaming(terminals, in: text)
    }

    private static func replacing(_ name: String, by value: String, in tag: String) -> String {
        guard let old = VerbatimXML.attribute(name, of: tag) else { return tag }
        return tag.replacing(" \(name)='\(old)'", with: " \(name)='\(value)'", maxReplacements: 1)
    }

    /// All at once: the new name of one may be the old name of another.
    private static func renaming(_ names: [String: String], in text: String) -> String {
        text.split(separator: "'", omittingEmptySubsequences: false).map { names[String($0)].map { $0[...] } ?? $0 }.joined(separator: "'")
    }
}
