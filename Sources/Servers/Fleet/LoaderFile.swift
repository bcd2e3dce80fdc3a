import BootPolicy
import Documents
import FleetModel
import Foundation
import ImageStore
import Primitives

/// A network boot program of the site's own, as the head of the documents remembers it: what is at its path meanwhile changes nothing.
struct LoaderFile: Codable, Hashable {
    var digest: Digest
    /// Bytes.
    var size: Int64
}

extension LoaderFile {
    /// The largest that is taken, in bytes: iPXE has 1 MiB, GRUB with all of its modules some 10.
    static let largest = 32 << 20

    /// Why a file is not taken, for the operator.
    struct Unusable: Error {
        var reason: String
    }

    /// What is at a path, when everybody here may read it: everybody on the network will.
    static func read(_ path: String) throws(Unusable) -> [UInt8] {
        // A device or a pipe must not keep the server waiting.
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unusable(reason: "the server cannot open it: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw Unusable(reason: "it is no regular file") }
        guard status.st_mode & S_IROTH != 0 else {
            throw Unusable(reason: "not every user here may read it, and everybody on the network could; where that is meant, chmod o+r")
        }
        let size = Int(status.st_size)
        guard size > 0 else { throw Unusable(reason: "it is empty") }
        guard size <= largest else { throw Unusable(reason: "it has \(size) bytes, and a boot program has \(largest) at most") }
        var bytes = [UInt8](repeating: 0, count: size + 1)
        var count = 0
        while count <= size {
            let more = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress.map { $0 + count }, size + 1 - count, off_t(count)) }
            if more < 0, errno == EINTR { continue }
            guard more >= 0 else { throw Unusable(reason: "the server cannot read it: \(String(cString: strerror(errno)))") }
            if more == 0 { break }
            count += more
        }
        guard count == size else { throw Unusable(reason: "it changed while it was read; apply again") }
        bytes.removeLast()
        return bytes
    }
}

/// What a change of documents makes of the loaders: what is to be in force, and the bytes that are not in the store yet.
struct LoaderChange: Sendable {
    /// By their paths in the document.
    var files: [String: LoaderFile] = [:]
    var contents: [[UInt8]] = []
    var problems: [DocumentProblem] = []
    /// Paths that could not be taken, and whose programs stay in force; why.
    var kept: [String: String] = [:]

    /// Reads every file that `document` names.
    /// - Parameter current: what may stay where it cannot be read again.
    init(reading document: Document, keeping current: [String: LoaderFile]) {
        guard case .bootServer(let spec) = document.spec else { return }
        var contents: [String: [UInt8]] = [:]
        for (index, loader) in spec.loaders.enumerated() {
            do throws(LoaderFile.Unusable) {
                let bytes = if let read = contents[loader.file] { read } else { try LoaderFile.read(loader.file) }
                contents[loader.file] = bytes
                for architecture in loader.architectures {
                    if let obstacle = BootProgram.obstacle(to: bytes, on: architecture) { throw LoaderFile.Unusable(reason: obstacle) }
                }
                files[loader.file] = LoaderFile(digest: FileDigest.of(bytes), size: Int64(bytes.count))
            } catch {
                if let file = current[loader.file] {
                    (files[loader.file], kept[loader.file]) = (file, error.reason)
                } else {
                    problems.append(document.unusableLoader(index, "\(loader.file): \(error.reason)"))
                }
            }
        }
        self.contents = contents.filter { kept[$0.key] == nil }.map(\.value)
    }

    /// Nothing is read: those of `current` that the documents still name.
    init(keeping current: [String: LoaderFile], in documents: DocumentSet) {
        let named = Set((documents.bootServer?.loaders ?? []).map(\.file))
        files = current.filter { named.contains($0.key) }
    }
}
