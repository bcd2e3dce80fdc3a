import FoundationEssentials
import ImageStore
import Primitives

/// Brings the files of a lock into a cache, checked by digest. apt's own fetcher does the transfer: it knows the site's proxies.
struct PackageFetcher: Sendable {
    let toolbox: Toolbox
    let mirror: PackageMirror?
    let cache: String

    func path(of package: PackageLock.Package) -> String { "\(cache)/\(package.digest.hexadecimal).deb" }

    /// Fetches what is not there yet; `progress` gets the number of files and bytes that are.
    func fetch(_ packages: [PackageLock.Package], progress: (String) -> Void) async throws(ImageBuildError) {
        try Files.makeDirectory(cache)
        var missing: [PackageLock.Package] = []
        for package in packages where !isCached(package) { missing.append(package) }
        progress("\(packages.count) packages, \(missing.count) to fetch")
        var rest = missing[...]
        while !rest.isEmpty {
            let batch = rest.prefix(40)
            rest = rest.dropFirst(40)
            var arguments = ["download-file"]
            for package in batch {
                guard let base = mirror?.urls[package.archive] else {
                    throw .packageUnavailable(
                        name: package.name, version: package.version, reason: "no \(package.archive.rawValue) archive is known")
                }
                arguments += [
                    "\(base)/\(Self.escaped(package.path))", path(of: package) + ".partial", "SHA256:\(package.digest.hexadecimal)",
                ]
            }
            do {
                try await toolbox.run("/usr/lib/apt/apt-helper", arguments)
            } catch .commandFailed(_, _, let lines) {
                let first = batch.first { !Files.exists(path(of: $0) + ".partial") }
                throw .packageUnavailable(name: first?.name ?? "?", version: first?.version ?? "?", reason: lines)
            }
            for package in batch {
                let found = try Files.digest(path(of: package) + ".partial")
                guard found.digest == package.digest else {
                    Files.remove(path(of: package) + ".partial")
                    throw .packageUnavailable(
                        name: package.name, version: package.version,
                        reason: "the archive sent \(found.digest), the lock says \(package.digest)")
                }
                do {
                    Files.remove(path(of: package))
                    try FileManager.default.moveItem(atPath: path(of: package) + ".partial", toPath: path(of: package))
                } catch {
                    throw .packageUnavailable(name: package.name, version: package.version, reason: "\(error)")
                }
            }
            progress("\(missing.count - rest.count) of \(missing.count) fetched")
        }
    }

    /// A cache is a place that others write to: what is in it counts only after its digest was checked.
    private func isCached(_ package: PackageLock.Package) -> Bool {
        guard let found = try? FileDigest.ofFile(path(of: package)) else { return false }
        return found.digest == package.digest && found.size == package.size
    }

    private static func escaped(_ path: String) -> String {
        path.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "+"), UInt8(ascii: "~"): "%" + Hexadecimal.encode([byte])
            default: String(UnicodeScalar(byte))
            }
        }.joined()
    }
}
