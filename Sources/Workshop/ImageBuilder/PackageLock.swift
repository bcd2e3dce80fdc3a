import FoundationEssentials
import ImageStore
import Primitives

/// The exact packages of a build: with the same lock, agent, overlay and options, every build gives the same image.
/// JSON; it names no mirror, so a lock made here builds anywhere that has the files.
struct PackageLock: Hashable, Sendable, Codable {
    /// Version of this format.
    var lockVersion: Int
    var suite: String
    var kernel: String
    /// Packages that were asked for beyond the standard set, sorted.
    var extraPackages: [String]
    /// Source packages that were taken from the suite's backports, sorted; missing in locks without them.
    var backported: [String]?
    /// Seconds since 1970: the date of the archive's index when the lock was made.
    var sourceDateEpoch: Int64
    /// Sorted by role, then name.
    var packages: [Package]

    static let currentVersion = 1

    enum Archive: String, Hashable, Sendable, Codable {
        case debian, security
    }

    /// What a package is taken for.
    enum Role: String, Hashable, Sendable, Codable, CaseIterable {
        case root, kernel, initrd, firmware, microcode, bootFiles
    }

    struct Package: Hashable, Sendable, Codable {
        var name: String
        var version: String
        var architecture: String
        var role: Role
        var archive: Archive
        /// Below the archive's base URL.
        var path: String
        /// Bytes.
        var size: Int64
        var digest: Primitives.Digest
    }

    init(
        suite: String, kernel: String, extraPackages: [String], backported: [String] = [], sourceDateEpoch: Int64, packages: [Package]
    ) {
        self.backported = backported.isEmpty ? nil : backported.sorted()
        lockVersion = Self.currentVersion
        self.suite = suite
        self.kernel = kernel
        self.extraPackages = extraPackages.sorted()
        self.sourceDateEpoch = sourceDateEpoch
        self.packages = packages.sorted { ($0.role.rawValue, $0.name) < ($1.role.rawValue, $1.name) }
    }

    init(path: String) throws(ImageBuildError) {
        guard let data = FileManager.default.contents(atPath: path) else { throw .lockUnreadable(path: path, reason: "no such file") }
        do {
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw .lockUnreadable(path: path, reason: "\(error)")
        }
        guard lockVersion == Self.currentVersion else {
            throw .lockMismatch(path: path, reason: "its version is \(lockVersion), this program reads \(Self.currentVersion)")
        }
        // A path goes into a URL and a name into a file name: nothing but a plain relative one may come out of a file.
        for package in packages where package.path.hasPrefix("/") || package.path.contains("..") || package.name.contains("/") {
            throw .lockUnreadable(path: path, reason: "package \(package.name) has the path \(package.path)")
        }
    }

    /// Pretty JSON with sorted keys: a lock is read, compared and kept by people.
    func encoded() -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(self)) ?? Data()
        return Array(data) + [UInt8(ascii: "\n")]
    }

    var digest: Primitives.Digest { FileDigest.of(encoded()) }

    func packages(_ role: Role) -> [Package] { packages.filter { $0.role == role } }
}
