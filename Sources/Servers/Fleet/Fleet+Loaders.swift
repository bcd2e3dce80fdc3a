import BootPolicy
import Documents
import FleetModel
import Foundation
import ImageStore
import Journal
import Logging
import Primitives
import Synchronization

/// Network boot programs that documents name: read when a document comes in force, kept in the content store, sent from there.
extension Fleet {
    /// What TFTP and HTTP offer besides the images' programs, by architecture number.
    package var addedLoaders: [Int: String] { state.withLock { $0.subnets.loaders.added } }

    func readLoaders(of document: Document, keeping current: [String: LoaderFile]) async throws -> LoaderChange {
        try await Self.away { LoaderChange(reading: document, keeping: current) }
    }

    /// Makes them durable, before any document in force names them.
    func keep(_ change: LoaderChange) async throws {
        for (path, reason) in change.kept {
            logger.warning(
                "a boot program cannot be read again; the one that was read before stays", metadata: ["file": "\(path)", "reason": "\(reason)"])
        }
        try await Self.away { [images] in for bytes in change.contents { _ = try images.put(bytes) } }
    }

    /// Without those whose content is gone, which is told: the hosts that would load them are refused.
    func present(_ loaders: [String: LoaderFile]) -> [String: LoaderFile] {
        loaders.filter { path, file in
            if images.holds(file.digest, size: file.size) { return true }
            let detail = "the boot program of \(path) (\(file.digest)) is no longer in the content store; apply the BootServer document again"
            logger.error("a boot program is lost", metadata: ["file": "\(path)", "digest": "\(file.digest)"])
            journal.append(
                BootEvent(host: nil, boot: nil, time: now(), source: .dhcp, name: "loader-missing", detail: detail, attributes: ["file": path]))
            return false
        }
    }
}

extension FleetState {
    /// Publishes what the documents name, and puts it before the built-in table, which this returns.
    mutating func publishLoaders() -> LoaderTable {
        var table = LoaderTable.ipxe
        loaderFiles = [:]
        for loader in documents.bootServer?.loaders ?? [] {
            loaderFiles[loader.publishedName] = loaders[loader.file]
            table.entries.append(
                LoaderTable.Entry(
                    architectures: loader.architectures, vendorClass: loader.vendorClass,
                    file: loaders[loader.file] == nil ? nil : loader.publishedName))
        }
        return table
    }
}
