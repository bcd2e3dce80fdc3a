import FleetModel
import FoundationEssentials
import ImageStore
import Primitives

/// Asks apt, with a state directory of its own, which packages a build needs.
/// Nothing of the build machine's own packages is seen or touched.
struct PackageResolver: Sendable {
    var toolbox: Toolbox
    let mirror: PackageMirror
    let directory: String
    let suite: String
    /// Source packages that are taken from the suite's backports.
    let backports: [String]

    static let keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

    /// Writes the private configuration and fetches the indexes, which apt checks against Debian's keyring.
    mutating func update() async throws(ImageBuildError) {
        for path in ["state/lists/partial", "cache/archives/partial", "etc/apt.conf.d", "etc/preferences.d", "etc/trusted.gpg.d"] {
            try Files.makeDirectory("\(directory)/\(path)")
        }
        try Files.write("", to: "\(directory)/state/status")
        try Files.write(mirror.sources(suite: suite, keyring: Self.keyring, backports: !backports.isEmpty), to: "\(directory)/sources.list")
        if !backports.isEmpty {
            // apt_preferences(5): what was asked for, and nothing else but what that asks for by version.
            let sources = backports.flatMap(StandardPackages.backported).map { "src:\($0)" }.joined(separator: " ")
            try Files.write(
                "Package: \(sources)\nPin: release n=\(suite)-backports\nPin-Priority: 900\n", to: "\(directory)/etc/preferences.d/backports")
        }
        try Files.write(
            """
            Dir "\(directory)";
            Dir::State "\(directory)/state";
            Dir::State::status "\(directory)/state/status";
            Dir::Cache "\(directory)/cache";
            Dir::Etc "\(directory)/etc";
            Dir::Etc::sourcelist "\(directory)/sources.list";
            Dir::Etc::sourceparts "-";
            APT::Architecture "amd64";
            APT::Architectures { "amd64"; };
            APT::Install-Recommends "false";
            APT::Sandbox::User "root";
            Acquire::Languages "none";

            """, to: "\(directory)/apt.conf")
        toolbox.aptConfiguration = "\(directory)/apt.conf"
        try await toolbox.run("apt-get", ["update", "-q"])
        for source in backports {
            let found = try await toolbox.run("apt", ["list", "?source-package(^\(source.replacing("+", with: "\\+"))$) ?archive(-backports$)"])
            guard found.contains("/") else {
                throw .invalidOption(name: "--backports", value: source, reason: "\(suite)-backports has no source package of that name")
            }
        }
    }

    /// The lock of the newest packages.
    func lock(kernel: BootImageKernelFlavor, extraPackages: [String]) async throws(ImageBuildError) -> PackageLock {
        var packages: [PackageLock.Package] = []
        let wanted = StandardPackages.root + extraPackages
        let simulated: String
        do {
            simulated = try await toolbox.run("apt-get", ["install", "-s", "-q", "?essential"] + wanted)
        } catch .commandFailed(_, _, let lines) {
            throw .unresolvable(packages: wanted, reason: lines)
        }
        let names = simulated.split(separator: "\n").compactMap { Self.installed(String($0)) }
        packages += try await describe(names, role: .root)
        packages += try await describe(try await kernelPackages(kernel), role: .kernel)
        let others: [(PackageLock.Role, [String])] = [
            (.initrd, StandardPackages.initrd), (.bootFiles, StandardPackages.bootFiles), (.firmware, StandardPackages.firmware(kernel)),
            (.microcode, StandardPackages.microcode(kernel)),
        ]
        for (role, names) in others where !names.isEmpty { packages += try await describe(names, role: role) }
        return PackageLock(
            suite: suite, kernel: kernel.rawValue, extraPackages: extraPackages, backported: backports, sourceDateEpoch: try await indexDate(),
            packages: packages)
    }

    /// `name=version` of a line `Inst name (version origin [arch])` of a simulated installation.
    static func installed(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard words.count >= 3, words[0] == "Inst", words[2].hasPrefix("(") else { return nil }
        return "\(words[1])=\(words[2].dropFirst())"
    }

    /// The kernel itself, which the metapackage depends on by its exact version: the metapackage would bring initramfs tools along. Newer ones
    /// (Debian 14, backports) are in two packages of their own, which the image package depends on in the same way.
    private func kernelPackages(_ flavor: BootImageKernelFlavor) async throws(ImageBuildError) -> [String] {
        let metapackage = StandardPackages.kernelMetapackage(flavor)
        guard let image = try await dependencies(of: metapackage, named: ["linux-image-"]).first else {
            throw .kernelPackageMalformed(package: metapackage, reason: "it depends on no linux-image package")
        }
        let parts = try await dependencies(of: image, named: ["linux-binary-", "linux-modules-"])
        return parts.isEmpty ? [image] : parts
    }

    /// `name=version`, or the name alone where no exact version is asked for.
    private func dependencies(of package: String, named prefixes: [String]) async throws(ImageBuildError) -> [String] {
        let stanzas = ControlStanza.parse(try await toolbox.run("apt-cache", ["show", "--no-all-versions", package]))
        return (stanzas.first?["Depends"] ?? "").split(separator: ",").compactMap { dependency in
            let words = dependency.split(separator: " ")
            guard let name = words.first, prefixes.contains(where: { name.hasPrefix($0) }) else { return nil }
            return words.count == 3 && words[1] == "(=" ? "\(name)=\(words[2].dropLast())" : String(name)
        }
    }

    private func describe(_ names: [String], role: PackageLock.Role) async throws(ImageBuildError) -> [PackageLock.Package] {
        let shown = try await toolbox.run("apt-cache", ["show", "--no-all-versions"] + names)
        let uris = try await toolbox.run("apt-get", ["download", "--print-uris", "-q"] + names)
        var places: [String: (PackageLock.Archive, String)] = [:]
        for line in uris.split(separator: "\n") {
            guard let quoted = line.split(separator: "'").first, let place = mirror.locate(Self.unescaped(String(quoted))) else { continue }
            places[place.path] = place
        }
        var packages: [PackageLock.Package] = []
        for stanza in ControlStanza.parse(shown) {
            guard let name = stanza["Package"], let version = stanza["Version"], let architecture = stanza["Architecture"],
                let path = stanza["Filename"], let size = stanza["Size"].flatMap({ Int64($0) }),
                let digest = stanza["SHA256"].flatMap({ Primitives.Digest("sha256:\($0)") })
            else { throw .unresolvable(packages: names, reason: "an index entry lacks a field: \(stanza["Package"] ?? "?")") }
            guard let (archive, _) = places[path] else { continue }  // an older version that apt also knows
            packages.append(
                .init(
                    name: name, version: version, architecture: architecture, role: role, archive: archive, path: path, size: size,
                    digest: digest))
        }
        guard Set(packages.map(\.name)).count == Set(names.map { $0.prefix { $0 != "=" } }).count else {
            throw .unresolvable(packages: names, reason: "the archive describes \(packages.count) of \(names.count)")
        }
        return packages
    }

    /// The Date of the suite's Release file: the same for everyone who locks the same index.
    private func indexDate() async throws(ImageBuildError) -> Int64 {
        let lists = "\(directory)/state/lists"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: lists)) ?? []
        var newest: Int64 = 0
        for name in names.sorted() where name.hasSuffix("Release") {
            let text = String(decoding: FileManager.default.contents(atPath: "\(lists)/\(name)") ?? Data(), as: UTF8.self)
            guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Date: ") }) else { continue }
            let seconds = try await toolbox.run("date", ["-u", "-d", String(line.dropFirst(6)), "+%s"])
            newest = max(newest, Int64(seconds.filter { $0.isNumber }) ?? 0)
        }
        return newest
    }

    /// apt prints URLs with `%2b` for `+`; Filename has them plain.
    static func unescaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = Hexadecimal.decode(rest.prefix(2)), value.count == 1 {
                bytes += value
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
