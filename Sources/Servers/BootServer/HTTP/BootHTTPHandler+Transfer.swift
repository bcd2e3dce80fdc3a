import Fleet
import FleetModel
import NIOCore
import NIOHTTP1
import Primitives

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Bytes of a file on their way to one client.
struct Transfer {
    var answer: FileAnswer
    /// What was asked for, and where the next piece begins.
    var range: Range<Int64>
    var position: Int64
    var isPartial: Bool
    /// Asked for its size before every piece; the handle is what `sendfile` reads.
    var file: OpenFile
    var handle: NIOFileHandle
    var started: NIODeadline
    /// Bytes of the next piece.
    var piece: Int64
    /// Bytes sent since others had their turn.
    var sentInTurn: Int64 = 0
}

extension BootHTTPHandler {
    func send(_ answer: FileAnswer, _ head: HTTPRequestHead, context: ChannelHandlerContext) throws(HTTPRefusal) {
        let size = answer.blob.size
        switch answer.outcome(head.headers) {
        case .notModified:
            shared.counters.count("not-modified")
            write(.notModified, answer.fields, to: head, context: context)
            finish(head, context: context)
        case .unsatisfiable:
            refuse(.rangeBeyondEnd, head, context: context, headers: [("Content-Range", "bytes */\(size)")])
        case .bytes(let range, let isPartial):
            if head.method == .GET, case .queue(let place, let seconds) = shared.decideDownload(answer, at: remote) {
                return queue(place, seconds: seconds, head, context: context)
            }
            // HEAD opens the file as well: a promise of bytes that cannot be kept helps nobody.
            let file = try open(answer.blob)
            guard let handle = file.duplicate() else { throw .blobUnreadable }
            var fields = answer.fields + [("Content-Type", answer.contentType), ("Content-Length", "\(range.count)")]
            if isPartial { fields.append(("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)")) }
            write(isPartial ? .partialContent : .ok, fields, to: head, context: context)
            guard head.method == .GET else {
                try? handle.close()
                return finish(head, context: context)
            }
            transfer = Transfer(
                answer: answer, range: range, position: range.lowerBound, isPartial: isPartial, file: file, handle: handle, started: .now(),
                piece: shared.limits.smallestPiece)
            shared.note(.began, answer, at: remote)
            cork(true, context: context)
            sendPiece(head, context: context)
        }
    }

    private func open(_ blob: PublishedBlob) throws(HTTPRefusal) -> OpenFile {
        do throws(BlobFiles.Failure) {
            return try shared.files.open(blob)
        } catch {
            let refusal: HTTPRefusal = error == .unreadable ? .blobUnreadable : .blobWrongSize
            shared.record(
                .http, refusal.rawValue, detail: "\(blob.role): \(refusal.explanation)", attributes: ["digest": blob.digest.description])
            throw refusal
        }
    }

    /// One piece after the other, each when the one before was taken: a slow client costs no memory, and its progress is seen.
    private func sendPiece(_ head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard let transfer else { return }
        let end = min(transfer.range.upperBound, transfer.position + transfer.piece)
        guard end > transfer.position else {
            self.transfer = nil
            cork(false, context: context)
            record(transfer, isComplete: true, context: context)
            return finish(head, context: context)
        }
        // sendfile from a file that was cut would return nothing for ever.
        guard transfer.file.size == transfer.answer.blob.size else { return abort(context) }
        let region = FileRegion(fileHandle: transfer.handle, readerIndex: Int(transfer.position), endIndex: Int(end))
        let written = context.eventLoop.makePromise(of: Void.self)
        let began = NIODeadline.now()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        written.futureResult.whenComplete { result in
            let (handler, context) = bound.value
            switch result {
            case .success: handler.goOn(behind: end, since: began, head, context: context)
            case .failure: handler.abort(context)
            }
        }
        setDeadline(shared.limits.pieceTimeout, context: context)
        context.writeAndFlush(Self.wrapOutboundOut(.body(.fileRegion(region))), promise: written)
    }

    /// A piece was taken. While others wait, that was the turn; alone a client goes on, and lets the sockets be looked at now and then.
    private func goOn(behind end: Int64, since began: NIODeadline, _ head: HTTPRequestHead, context: ChannelHandlerContext) {
        guard var transfer else { return }
        transfer.sentInTurn += end - transfer.position
        transfer.position = end
        shared.note(.progressed, transfer.answer, at: remote)
        let isSlow = NIODeadline.now() - began > .seconds(1)
        transfer.piece = isSlow ? shared.limits.smallestPiece : min(transfer.piece * 2, shared.limits.share(among: turns.count + 1))
        let isOver = turns.count > 0 || transfer.sentInTurn >= shared.limits.turn
        if isOver { transfer.sentInTurn = 0 }
        self.transfer = transfer
        guard isOver else { return sendPiece(head, context: context) }
        turns.wait { self.sendPiece(head, context: context) }
    }

    /// TCP_CORK (tcp(7)): the head leaves with the first bytes, and pieces join without a short segment between them.
    private func cork(_ isCorked: Bool, context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.tcpOption(.init(rawValue: TCP_CORK)), value: isCorked ? 1 : 0)
    }

    private func abort(_ context: ChannelHandlerContext) {
        guard let transfer else { return }
        self.transfer = nil
        record(transfer, isComplete: false, context: context)
        context.close(promise: nil)
    }

    private func record(_ transfer: Transfer, isComplete: Bool, context: ChannelHandlerContext) {
        try? transfer.handle.close()
        shared.note(.ended(isComplete: isComplete && transfer.range.upperBound == transfer.answer.blob.size), transfer.answer, at: remote)
        let bytes = transfer.position - transfer.range.lowerBound
        let milliseconds = (NIODeadline.now() - transfer.started).nanoseconds / 1_000_000
        var attributes = ["bytes": "\(bytes)", "milliseconds": "\(milliseconds)", "address": remote]
        attributes["digest"] = transfer.answer.blob.digest.description
        if transfer.isPartial { attributes["range"] = "\(transfer.range.lowerBound)-\(transfer.range.upperBound - 1)" }
        var what = transfer.answer.blob.role
        if case .bootFile(let name) = transfer.answer.kind { (what, attributes["name"]) = ("loader", name) }
        shared.counters.count(isComplete ? "sent" : HTTPRefusal.aborted.rawValue)
        let detail = isComplete ? "\(bytes) bytes in \(milliseconds) ms" : "ended after \(bytes) of \(transfer.range.count) bytes"
        shared.record(
            .http, "\(what)-\(isComplete ? "sent" : "aborted")", boot: transfer.answer.boot, detail: detail, attributes: attributes)
    }
}
