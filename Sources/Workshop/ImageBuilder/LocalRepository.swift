import FoundationEssentials
import ImageStore
import Primitives

/// A flat apt repository of exactly the packages of a lock, so that mmdebstrap can take no other version of anything.
enum LocalRepository {
    static func write(
        _ packages: [PackageLock.Package], suite: String, from fetcher: PackageFetcher, to directory: String
    ) async throws(ImageBuildError) {
        try Files.makeDirectory(directory)
        var index = ""
        for package in packages {
            let name = "\(package.name)_\(package.digest.short).deb"
            do {
                try FileManager.default.linkItem(atPath: fetcher.path(of: package), toPath: "\(directory)/\(name)")
            } catch {
                try Files.copy(fetcher.path(of: package), to: "\(directory)/\(name)")  // the cache is on another file system
            }
            let control = try await fetcher.toolbox.run("dpkg-deb", ["-f", "\(directory)/\(name)"])
            index += control.hasSuffix("\n") ? control : control + "\n"
            index += "Filename: ./\(name)\nSize: \(package.size)\nSHA256: \(package.digest.hexadecimal)\n\n"
        }
        try Files.write(index, to: "\(directory)/Packages")
        // mmdebstrap looks for essential packages in the archive that calls itself by the suite's name.
        let digest = FileDigest.of(index.utf8)
        let release =
            "Suite: \(suite)\nCodename: \(suite)\nArchitectures: amd64\nSHA256:\n"
            + " \(digest.hexadecimal) \(index.utf8.count) Packages\n"
        try Files.write(release, to: "\(directory)/Release")
    }
}
