/// A document that an operator wrote for libvirt, seen only as deep as the children of its root element: to read a name, to set a name and a UUID.
/// libvirt's own parser judges the rest.
package struct VerbatimXML: Sendable {
    private struct Child {
        var name: String
        var outer: Range<Int>
        var inner: Range<Int>
    }

    private let bytes: [UInt8]
    /// Just behind the root element's start tag.
    private let contentStart: Int
    /// Where the root element's end tag begins.
    private let contentEnd: Int
    private let children: [Child]
    /// Every start tag, with its name and as it stands there.
    private let startTags: [(name: String, range: Range<Int>)]

    /// `nil` for what has no root element with content, or whose tags do not match in number.
    package init?(_ text: String) {
        bytes = Array(text.utf8)
        var position = 0
        var depth = 0
        var (rootStart, rootEnd): (Int?, Int?)
        var tags: [(name: String, range: Range<Int>)] = []
        var found: [Child] = []
        var open: (name: String, start: Int, inner: Int)?
        scan: while let tag = Self.nextTag(in: bytes, from: position) {
            position = tag.range.upperBound
            if tag.kind != .end { tags.append((tag.name, tag.range)) }
            switch tag.kind {
            case .start:
                depth += 1
                if depth == 1 { rootStart = position }
                if depth == 2 { open = (tag.name, tag.range.lowerBound, position) }
            case .empty:
                if depth == 1 { found.append(Child(name: tag.name, outer: tag.range, inner: position..<position)) }
                if depth == 0 { return nil }
            case .end:
                if depth == 2, let opened = open {
                    found.append(Child(name: opened.name, outer: opened.start..<position, inner: opened.inner..<tag.range.lowerBound))
                }
                depth -= 1
                rootEnd = tag.range.lowerBound
                if depth <= 0 { break scan }
            }
        }
        guard depth == 0, let rootStart, let rootEnd else { return nil }
        (contentStart, contentEnd, children, startTags) = (rootStart, rootEnd, found, tags)
    }

    /// The text of the first child of that name, without the white space around it.
    package func text(of name: String) -> String? {
        children.first { $0.name == name }.map { child in
            String(decoding: bytes[child.inner], as: UTF8.self).split { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" }.joined(
                separator: " ")
        }
    }

    /// Every start tag at any depth: its name, and itself with its attributes.
    package var tags: [(name: String, text: String)] { startTags.map { ($0.name, String(decoding: bytes[$0.range], as: UTF8.self)) } }

    /// The children of the root element, each with all that is in it.
    package var elements: [(name: String, text: String)] { children.map { ($0.name, String(decoding: bytes[$0.outer], as: UTF8.self)) } }

    /// QEMU's word for the machine that a domain asks for (libvirt, format domain, `os/type`); `nil` where it leaves that to libvirt.
    package var machineType: String? { tags.lazy.filter { $0.name == "type" }.compactMap { Self.attribute("machine", of: $0.text) }.first }

    /// The value of an attribute of a start tag; `nil` when it has none of that name.
    package static func attribute(_ name: String, of tag: String) -> String? {
        for quote: Character in ["'", "\""] {
            guard let start = tag.firstRange(of: " \(name)=\(quote)")?.upperBound, let end = tag[start...].firstIndex(of: quote) else { continue }
            return unescape(tag[start..<end])
        }
        return nil
    }

    /// The document with one more element at the end of its root element.
    package func appending(_ element: String) -> String {
        String(decoding: bytes[..<contentEnd], as: UTF8.self) + element + String(decoding: bytes[contentEnd...], as: UTF8.self)
    }

    /// The document with these children in the place of all that have their names.
    package func setting(_ values: KeyValuePairs<String, String>) -> String {
        var text = Array(bytes[..<contentStart])
        for (name, value) in values { text += "<\(name)>\(Self.escape(value))</\(name)>".utf8 }
        var position = contentStart
        for child in children where values.contains(where: { $0.key == child.name }) {
            text += bytes[position..<child.outer.lowerBound]
            position = child.outer.upperBound
        }
        text += bytes[position...]
        return String(decoding: text, as: UTF8.self)
    }

    /// The five entities that `escape` makes.
    package static func unescape(_ text: some StringProtocol) -> String {
        var text = String(text)
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&apos;", "'"), ("&quot;", "\""), ("&amp;", "&")] {
            text = text.replacing(entity, with: character)
        }
        return text
    }

    /// For element content and for attributes in either quotes. What XML 1.0 cannot hold at all (section 2.2) becomes a question mark.
    package static func escape(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "'": "&apos;"
            case "\"": "&quot;"
            case "\t", "\n", "\r": String(scalar)
            default: scalar.value < 32 ? "?" : String(scalar)
            }
        }.joined()
    }
}

extension VerbatimXML {
    private enum TagKind { case start, end, empty }

    /// The next tag at or after a position, passing over text, comments, CDATA sections, declarations and processing instructions.
    private static func nextTag(in bytes: [UInt8], from start: Int) -> (kind: TagKind, name: String, range: Range<Int>)? {
        var position = start
        while let less = bytes[position...].firstIndex(of: UInt8(ascii: "<")) {
            if let end = skip("<!--", "-->", in: bytes, at: less) ?? skip("<![CDATA[", "]]>", in: bytes, at: less) ?? skip(
                "<?", "?>", in: bytes, at: less)
                ?? skip("<!", ">", in: bytes, at: less)
            {
                guard let end else { return nil }
                position = end
                continue
            }
            var quote: UInt8?
            var end = less + 1
            while end < bytes.count, quote != nil || bytes[end] != UInt8(ascii: ">") {
                if quote == bytes[end] { quote = nil } else if quote == nil, bytes[end] == 34 || bytes[end] == 39 { quote = bytes[end] }
                end += 1
            }
            guard end < bytes.count else { return nil }
            let isEnd = bytes[less + 1] == UInt8(ascii: "/")
            let isEmpty = !isEnd && bytes[end - 1] == UInt8(ascii: "/")
            let name = bytes[(less + (isEnd ? 2 : 1))..<end].prefix { $0 > 32 && $0 != UInt8(ascii: "/") }
            return (isEnd ? .end : isEmpty ? .empty : .start, String(decoding: name, as: UTF8.self), less..<(end + 1))
        }
        return nil
    }

    /// Behind `closing`, if `opening` is at this place; the inner `nil` says that it is never closed.
    private static func skip(_ opening: StaticString, _ closing: StaticString, in bytes: [UInt8], at start: Int) -> Int?? {
        let (first, last) = (Array("\(opening)".utf8), Array("\(closing)".utf8))
        guard bytes[start...].starts(with: first) else { return nil }
        var position = start + first.count
        while position + last.count <= bytes.count {
            if bytes[position...].starts(with: last) { return .some(position + last.count) }
            position += 1
        }
        return .some(nil)
    }
}
