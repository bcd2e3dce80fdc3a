/// Kind BootServer: how the boot server treats its hosts. One a site.
package struct BootServerSpec: Sendable, Hashable {
    /// Hosts that may download an image at the same time.
    package var downloads: Int
    package init(downloads: Int) { self.downloads = downloads }
}

extension BootServerSpec {
    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["downloads"]),
            let downloads = fields.required("downloads", example: "32").flatMap(Self.downloads)
        else { return nil }
        self.init(downloads: downloads)
    }

    /// The field `downloads`, here and in Subnet.
    static func downloads(_ cursor: Cursor) -> Int? {
        cursor.parsed("a whole number from 1 to 100000") { Int($0).flatMap { (1...100_000).contains($0) ? $0 : nil } }
    }
}
