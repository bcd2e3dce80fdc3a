import FoundationEssentials
import ImageStore
import Primitives

/// An operator's files on their way into the root: checked for secrets, and digested by path, content and whether they run.
struct RootOverlay: Sendable {
    let directory: String
    let paths: [String]
    let digest: Primitives.Digest

    init(directory: String) throws(ImageBuildError) {
        guard Files.kind(directory) == .directory else { throw .overlayUnreadable(path: directory, reason: "it is no directory") }
        var list = ""
        paths = Files.tree(directory)
        for path in paths {
            let full = "\(directory)/\(path)"
            switch Files.kind(full) {
            case .directory: list += "d \(path)\n"
            case .file(let executable):
                let content = try Files.read(full)
                if let kind = Self.secret(path, content) { throw .overlayHoldsSecret(path: path, kind: kind) }
                list += "\(executable ? "x" : "f") \(FileDigest.of(content)) \(path)\n"
            case .link:
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: full) else {
                    throw .overlayUnreadable(path: path, reason: "the link cannot be read")
                }
                list += "l \(target) \(path)\n"
            case .other, nil: throw .overlayUnreadable(path: path, reason: "it is neither file, directory nor link")
            }
        }
        self.directory = directory
        digest = FileDigest.of(list.utf8)
    }

    /// What kind of secret a file is, as far as its name or its first lines tell.
    static func secret(_ path: String, _ content: [UInt8]) -> String? {
        let name = path.split(separator: "/").last ?? ""
        if name.hasPrefix("ssh_host_"), name.hasSuffix("_key") { return "an SSH host key" }
        if path == "etc/shadow" || path == "etc/gshadow" { return "password hashes" }
        if path == "etc/machine-id", !content.isEmpty { return "the identity of one host" }
        let head = String(decoding: content.prefix(4096), as: UTF8.self)
        if head.contains("PRIVATE KEY-----") { return "a private key" }
        return nil
    }

    func copy(to target: String) throws(ImageBuildError) {
        for path in paths {
            let source = "\(directory)/\(path)"
            let destination = "\(target)/\(path)"
            switch Files.kind(source) {
            case .directory: try Files.makeDirectory(destination)
            case .file(let executable): try Files.copy(source, to: destination, mode: executable ? 0o755 : 0o644)
            default:
                do {
                    Files.remove(destination)
                    let link = try FileManager.default.destinationOfSymbolicLink(atPath: source)
                    try FileManager.default.createSymbolicLink(atPath: destination, withDestinationPath: link)
                } catch {
                    throw .overlayUnreadable(path: path, reason: "\(error)")
                }
            }
        }
    }
}
