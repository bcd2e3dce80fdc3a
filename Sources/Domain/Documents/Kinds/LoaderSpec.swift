package import DHCPWire

/// A network boot program that the site brings along: for firmware that no image has one for, or in the place of the image's.
package struct LoaderSpec: Sendable, Hashable {
    /// Those of the name or number in the document.
    package var architectures: [ClientArchitecture]
    /// What option 60 of the client begins with; `nil` for any.
    package var vendorClass: String?
    /// A path on the server's own computer.
    package var file: String
    /// What TFTP and HTTP know it by: the architecture and the file's own name, like `arm64-uefi/ipxe.efi`. No other name leads to it.
    package var publishedName: String
}

extension LoaderSpec {
    /// In one document; IANA has some forty types.
    private static let most = 64

    static func list(_ cursor: Cursor?) -> [LoaderSpec] {
        if let cursor, case .sequence(let items, _) = cursor.node.value, items.count > most {
            cursor.report(.invalidValue, "expected \(most) loaders at most, found \(items.count)")
            return []
        }
        var published: [String: (file: String, path: String)] = [:]
        return cursor?.list(of: "loaders", uniqueBy: \.claim) { item -> LoaderSpec? in
            guard let loader = LoaderSpec(reading: item) else { return nil }
            if let first = published.updateValue((loader.file, item.path), forKey: loader.publishedName), first.file != loader.file {
                item.report(
                    .conflictingFields, "\(loader.publishedName) would be this file and that of \(first.path)", hint: "give the files different names"
                )
            }
            return loader
        } ?? []
    }

    /// What only one entry can say.
    private var claim: String { "\(publishedName.prefix { $0 != "/" }) \(vendorClass ?? "")" }

    private init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["architecture", "file", "vendorClass"]) else { return nil }
        let types = fields.required("architecture", example: "arm64-uefi").flatMap(Self.architectures)
        let file = fields.required("file", example: "/usr/local/share/bennu/ipxe.efi")?.mark()
            .parsed("an absolute path on the server's computer, without ..", Rules.absolutePath)
        let vendorClass = fields["vendorClass"]?.parsed("the beginning of a vendor class like PXEClient:Arch:00011, 1 to 255 printable characters") {
            (1...255).contains($0.utf8.count) && $0.utf8.allSatisfy { (0x20...0x7e).contains($0) } ? $0 : nil
        }
        guard let types, let file, vendorClass != nil || fields["vendorClass"] == nil else { return nil }
        self.init(
            architectures: types.architectures, vendorClass: vendorClass, file: file, publishedName: "\(types.name)/\(Self.plainName(of: file))")
    }

    private static func architectures(_ cursor: Cursor) -> (architectures: [ClientArchitecture], name: String)? {
        guard let text = cursor.text(expecting: "the name or number of an architecture") else { return nil }
        if let number = UInt16(text) { return ([ClientArchitecture(rawValue: number)], "architecture-\(number)") }
        let found = ClientArchitecture.types(named: text)
        if !found.isEmpty { return (found, text) }
        let known = ClientArchitecture.named.map(\.description)
        cursor.report(
            .invalidValue, "expected the name or number of an architecture, found \(cursor.node.summary)",
            hint: NearestName.of(text, among: known).map { "did you mean \($0)?" } ?? "names are like x86-bios, x64-uefi, arm64-uefi, arm64-uefi-http"
        )
        return nil
    }

    /// The last step of a path, fit for a URL and a TFTP request: other bytes than letters, digits, `.`, `-` and `_` become `-`, and the first
    /// is no dot.
    private static func plainName(of path: String) -> String {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        let plain = name.suffix(64).map { Rules.isAlphanumeric($0) || ".-_".utf8.contains($0) ? $0 : UInt8(ascii: "-") }
        return String(decoding: plain.first == UInt8(ascii: ".") ? [UInt8(ascii: "-")] + plain.dropFirst() : plain[...].map(\.self), as: UTF8.self)
    }
}

extension Document {
    /// A mistake that only the server can find: a file that this document's loader number `index` names is of no use, and why.
    package func unusableLoader(_ index: Int, _ reason: String) -> DocumentProblem {
        let path = "spec.loaders[\(index)].file"
        return DocumentProblem(
            .unusableFile, file: file, at: mark(path), path: path, message: reason, hint: "the path is one of the server's computer")
    }
}
