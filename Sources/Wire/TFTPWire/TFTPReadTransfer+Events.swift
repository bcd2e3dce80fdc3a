extension TFTPReadTransfer {
    /// The first packet or packets. An OACK has only what was asked for and accepted, so none is sent where nothing was.
    package mutating func start(at now: Int64) -> Action {
        guard phase == .new else { return .ignore(phase == .ended ? .ended : .duplicateRequest) }
        guard negotiation.acknowledged.isEmpty else {
            phase = .optionsSent
            sentAt = now
            return .sendOptionAcknowledgement(negotiation.acknowledged)
        }
        phase = .sending
        return sendWindow(at: now)
    }

    /// A packet from the transfer's own TID.
    package mutating func receive(_ packet: TFTPPacket, at now: Int64) -> Action {
        switch phase {
        case .new: return .ignore(.notStarted)
        case .ended: return .ignore(.ended)
        case .optionsSent, .sending: break
        }
        switch packet {
        case .acknowledgement(let block): return receiveAcknowledgement(of: block, at: now)
        case .error(let code, let message):
            let early = phase == .optionsSent
            phase = .ended
            return .failed(.clientError(code, message: message, beforeFirstBlock: early))
        case .readRequest: return .ignore(.duplicateRequest)
        case .writeRequest, .data, .optionAcknowledgement: return .ignore(.unexpectedPacket)
        }
    }

    /// No packet moved the transfer on for `timeoutInterval`: sends again what is unacknowledged, or gives up.
    package mutating func timeout(at now: Int64) -> Action {
        switch phase {
        case .new: return .ignore(.notStarted)
        case .ended: return .ignore(.ended)
        case .optionsSent, .sending: break
        }
        silence += timeoutInterval
        guard !isOutOfPatience else {
            defer { phase = .ended }
            if phase == .optionsSent { return .failed(.optionsUnacknowledged) }
            return .failed(sent == lastBlock ? .lastBlockUnacknowledged : .unacknowledged(block: acknowledged + 1))
        }
        backoff += 1
        windowsWithoutRepeat = 2
        defer { isAmbiguous = true }
        guard phase == .sending else {
            sentAt = now
            return .sendOptionAcknowledgement(negotiation.acknowledged)
        }
        if backoff % 3 > 0, sent > acknowledged + 1 {
            // Mostly the last block is lost, or its acknowledgement. The first block again has the client say where it is; had it the whole window
            // again, it would say so in the middle of it, and get what follows twice. Every third time is for clients that say so only once.
            sentAt = now
            return .send(blocks: acknowledged + 1...acknowledged + 1)
        }
        defer { isRepeated = true }
        return sendWindow(at: now)
    }

    /// An ACK from the transfer's own TID.
    package mutating func receiveAcknowledgement(of number: UInt16, at now: Int64) -> Action {
        switch phase {
        case .new: return .ignore(.notStarted)
        case .ended: return .ignore(.ended)
        case .optionsSent, .sending: break
        }
        if phase == .optionsSent {
            guard number == 0 else { return .ignore(.acknowledgementOutsideWindow(number)) }
            phase = .sending
            progressed(at: now)
            return sendWindow(at: now)
        }
        // At most 65,535 blocks are under way, so the distance from the last acknowledged block is unambiguous across the wrap.
        let distance = Int(number &- wireNumber(of: acknowledged))
        guard distance > 0 else { return receiveDuplicate(at: now) }
        let block = acknowledged + distance
        guard block <= sent else { return .ignore(.acknowledgementOutsideWindow(number)) }
        acknowledged = block
        wasWhole = block == sent
        progressed(at: now)
        guard block < lastBlock else {
            phase = .ended
            return .finished
        }
        if isRepeated, block < sent { return goOn(at: now) }
        // An acknowledgement inside the window says that the block after it was lost (RFC 7440 section 4): start over from there.
        return sendWindow(at: now)
    }

    /// A client of a window acknowledges the last block again when the first of the new window is lost. After a gap it may do so for each block that
    /// it had to drop, and after a repetition for each that it has; and what comes sooner than an answer can is about packets of before: answering
    /// any of these would send every later window twice (RFC 1123 section 4.2.3.1).
    private mutating func receiveDuplicate(at now: Int64) -> Action {
        guard windowSize > 1, wasWhole, windowsWithoutRepeat == 0, let shortest = roundTrip.shortest, now - sentAt >= max(1, shortest)
        else { return .ignore(.duplicateAcknowledgement) }
        windowsWithoutRepeat = 2
        return sendWindow(at: now)
    }

    /// The client had a part of the window that was sent again, and said so as that began to arrive. The rest of it is on its way: only what the
    /// window has room for now is added.
    private mutating func goOn(at now: Int64) -> Action {
        let first = sent + 1
        sent = max(sent, min(lastBlock, acknowledged + windowSize))
        (sentAt, isRepeated) = (now, false)
        return first <= sent ? .send(blocks: first...sent) : .ignore(.underWay)
    }

    private mutating func progressed(at now: Int64) {
        if !isAmbiguous {
            roundTrip.measured(now - sentAt)
            backoff = 0
        }
        silence = 0
        if windowsWithoutRepeat > 0 { windowsWithoutRepeat -= 1 }
    }

    private mutating func sendWindow(at now: Int64) -> Action {
        let first = acknowledged + 1
        sent = min(lastBlock, acknowledged + windowSize)
        (sentAt, isAmbiguous, isRepeated) = (now, false, false)
        return .send(blocks: first...sent)
    }
}
