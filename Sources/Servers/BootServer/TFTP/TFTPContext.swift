import Fleet
import FleetModel
import Logging
import Primitives
import TFTPWire

/// What the TFTP server knows and whom it tells.
final class TFTPContext: Sendable {
    let directory: any BootDirectory
    let limits: TFTPLimits
    let counters: OutcomeCounters
    let logger: Logger
    let files = BlobFiles(capacity: 32)

    init(directory: any BootDirectory, limits: TFTPLimits, counters: OutcomeCounters, logger: Logger) {
        (self.directory, self.limits, self.counters, self.logger) = (directory, limits, counters, logger)
    }

    /// What a request asks for, ready to be sent. Transfers of the same file share one mapping.
    func content(for request: TFTPRequest, in mapped: inout TFTPMappedFiles) throws(TFTPRefusal) -> TFTPContent {
        guard request.mode == .octet || request.mode == .netascii else { throw .unknownMode }
        guard let blob = directory.bootFile(try Self.path(request)) else { throw .notPublished }
        let file: OpenFile
        do throws(BlobFiles.Failure) {
            file = try files.open(blob)
        } catch {
            throw error == .wrongSize ? .wrongSize : .unreadable
        }
        guard request.mode == .netascii else {
            guard let content = mapped.content(of: blob.digest, file) else { throw .unreadable }
            return content
        }
        guard blob.size <= limits.largestTextFile else { throw .tooLargeForText }
        guard let bytes = file.read(at: 0, count: Int(clamping: blob.size)) else { throw .unreadable }
        return TFTPContent(text: Netascii.encode(bytes))
    }

    private static func path(_ request: TFTPRequest) throws(TFTPRefusal) -> String {
        var name = request.fileName[...]
        // Some ROMs take option 67 with the END option behind it for the name.
        while name.last == 0xff { name.removeLast() }
        do throws(TFTPRequestPath.Refusal) {
            return try TFTPRequestPath(name).description
        } catch {
            throw .badPath
        }
    }

    /// The name of a requested file, fit for a log.
    static func printable(_ name: [UInt8]) -> String {
        String(decoding: name.prefix(80).map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    func refused(_ refusal: TFTPRefusal, name: String?, client: IPv4Address) {
        counters.count(refusal.rawValue)
        let address = client.description
        logger.debug("TFTP request refused", metadata: ["refusal": "\(refusal.rawValue)", "client": "\(address)"])
        // What has no file name is noise from strangers: it belongs to no boot.
        guard let name else { return }
        record(refusal.rawValue, detail: "\(name) was not sent", attributes: ["name": name, "address": address])
    }

    func record(_ name: String, detail: String, attributes: [String: String]) {
        directory.record(BootEvent(host: nil, boot: nil, time: 0, source: .tftp, name: name, detail: detail, attributes: attributes))
    }
}
