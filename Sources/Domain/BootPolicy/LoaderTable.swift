package import DHCPWire

/// Which network boot program each kind of firmware loads.
package struct LoaderTable: Sendable, Hashable {
    /// What a document adds; it goes before `files`.
    package struct Entry: Sendable, Hashable {
        package var architectures: [ClientArchitecture]
        /// What option 60 begins with; `nil` for any.
        package var vendorClass: String?
        /// A name of our boot server; `nil` where the program is lost.
        package var file: String?

        package init(architectures: [ClientArchitecture], vendorClass: String? = nil, file: String?) {
            (self.architectures, self.vendorClass, self.file) = (architectures, vendorClass, file)
        }

        fileprivate func fits(_ architecture: ClientArchitecture, _ client: BootClient) -> Bool {
            architectures.contains(architecture) && vendorClass.map { client.vendorClass.utf8.starts(with: $0.utf8) } ?? true
        }
    }

    /// The first that fits counts.
    package var entries: [Entry]
    /// File names of our boot server by architecture type.
    package var files: [ClientArchitecture: String]

    package init(entries: [Entry] = [], files: [ClientArchitecture: String]) { (self.entries, self.files) = (entries, files) }

    /// iPXE as Debian builds it. `snponly.efi` uses the firmware's own network driver, which has just proved that it works here;
    /// types 7 and 9 both mean x86-64, because firmware follows RFC 4578 before or after its erratum. For ARM64 there is the whole iPXE only.
    package static let ipxe = LoaderTable(files: [
        .x86BIOS: "undionly.kpxe",
        .x64UEFI: "snponly.efi",
        .efiByteCode: "snponly.efi",
        .x64UEFIHTTP: "snponly.efi",
        .efiByteCodeHTTP: "snponly.efi",
        .arm64UEFI: "ipxe-arm64.efi",
        .arm64UEFIHTTP: "ipxe-arm64.efi",
    ])

    /// Refused for an architecture that nothing was built for: a wrong program makes boot loops, so there is no default.
    package func file(for client: BootClient) throws(DHCPRefusal) -> String {
        guard let architecture = client.architecture else { throw .missingArchitecture }
        guard let entry = entries.first(where: { $0.fits(architecture, client) }) else {
            guard let file = files[architecture] else { throw .unknownArchitecture }
            return file
        }
        guard let file = entry.file else { throw .loaderMissing }
        return file
    }

    /// Those that have a program whatever their vendor class, by number.
    package var architectures: [ClientArchitecture] {
        let all = entries.reduce(into: Set(files.keys)) { $0.formUnion($1.architectures) }
        return all.filter { (try? file(for: BootClient($0))) != nil }.sorted { $0.rawValue < $1.rawValue }
    }
}

extension LoaderTable {
    /// What documents add, without what depends on the vendor class: file names by architecture type.
    package var added: [Int: String] {
        var files: [Int: String] = [:]
        for entry in entries where entry.vendorClass == nil {
            for architecture in entry.architectures where files[Int(architecture.rawValue)] == nil { files[Int(architecture.rawValue)] = entry.file }
        }
        return files
    }

    /// This table with what another's documents add.
    package func adding(_ files: [Int: String]) -> LoaderTable {
        var table = self
        for (number, file) in files {
            guard let number = UInt16(exactly: number) else { continue }
            table.files[ClientArchitecture(rawValue: number)] = file
        }
        return table
    }
}
