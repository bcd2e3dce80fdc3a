/// Kind BootServer: how the boot server treats its hosts. One a site.
package struct BootServerSpec: Sendable, Hashable {
    /// Hosts that may download an image at the same time; `nil` is no limit.
    package var downloads: Int?
    /// Network boot programs besides those of the images; the first that fits a client counts.
    package var loaders: [LoaderSpec] = []
    package init(downloads: Int?) { self.downloads = downloads }
}

extension BootServerSpec {
    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["downloads", "loaders"]) else { return nil }
        let field = fields["loaders"] == nil ? fields.required("downloads", example: "32") : fields["downloads"]
        let downloads = field.flatMap(Self.downloads)
        let loaders = LoaderSpec.list(fields["loaders"])
        guard field == nil || downloads != nil, field != nil || fields["loaders"] != nil else { return nil }
        self.init(downloads: downloads)
        self.loaders = loaders
    }

    /// The field `downloads`, here and in Subnet.
    static func downloads(_ cursor: Cursor) -> Int? {
        cursor.parsed("a whole number from 1 to 100000") { Int($0).flatMap { (1...100_000).contains($0) ? $0 : nil } }
    }
}
