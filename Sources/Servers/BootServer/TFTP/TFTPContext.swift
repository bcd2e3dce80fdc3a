import Fleet
import FleetModel
import Logging
import NIOCore
import Primitives
import TFTPWire

/// What the listeners and transfers of the TFTP server share.
final class TFTPContext: Sendable {
    let directory: any BootDirectory
    let limits: TFTPLimits
    let counters: OutcomeCounters
    let logger: Logger
    let files = BlobFiles(capacity: 32)
    let transfers: TFTPTransferTable

    init(directory: any BootDirectory, limits: TFTPLimits, counters: OutcomeCounters, logger: Logger) {
        (self.directory, self.limits, self.counters, self.logger) = (directory, limits, counters, logger)
        transfers = TFTPTransferTable(limits: limits)
    }

    /// What a request asks for, ready to be sent.
    func source(for request: TFTPRequest) throws(TFTPRefusal) -> TFTPSource {
        guard request.mode == .octet || request.mode == .netascii else { throw .unknownMode }
        guard let blob = directory.bootFile(try Self.path(request)) else { throw .notPublished }
        let file: OpenFile
        do throws(BlobFiles.Failure) {
            file = try files.open(blob)
        } catch {
            throw error == .wrongSize ? .wrongSize : .unreadable
        }
        guard request.mode == .netascii else { return .file(file, size: Int(clamping: blob.size)) }
        guard blob.size <= limits.largestTextFile else { throw .tooLargeForText }
        guard let bytes = file.read(at: 0, count: Int(clamping: blob.size)) else { throw .unreadable }
        return .memory(Netascii.encode(bytes))
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

    func refused(_ refusal: TFTPRefusal, name: String?, client: SocketAddress) {
        counters.count(refusal.rawValue)
        let address = client.ipAddress ?? "unknown"
        logger.debug("TFTP request refused", metadata: ["refusal": "\(refusal.rawValue)", "client": "\(address)"])
        // What has no file name is noise from strangers: it belongs to no boot.
        guard let name else { return }
        record(refusal.rawValue, detail: "\(name) was not sent", attributes: ["name": name, "address": address])
    }

    func record(_ name: String, detail: String, attributes: [String: String]) {
        directory.record(BootEvent(host: nil, boot: nil, time: 0, source: .tftp, name: name, detail: detail, attributes: attributes))
    }
}

/// Where a transfer's bytes come from.
enum TFTPSource: Sendable {
    case file(OpenFile, size: Int)
    case memory([UInt8])

    var size: Int {
        switch self {
        case .file(_, let size): size
        case .memory(let bytes): bytes.count
        }
    }

    /// Exactly the bytes of `range`; `nil` when the file no longer has them.
    func read(_ range: Range<Int>) -> [UInt8]? {
        switch self {
        case .file(let file, _):
            guard let bytes = file.read(at: Int64(range.lowerBound), count: range.count), bytes.count == range.count else { return nil }
            return bytes
        case .memory(let bytes):
            return range.upperBound <= bytes.count && range.lowerBound >= 0 ? Array(bytes[range]) : nil
        }
    }
}
