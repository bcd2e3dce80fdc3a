extension TFTPReadTransfer {
    /// The first packet or packets. An OACK has only what was asked for and accepted, so none is sent where nothing was.
    package mutating func start() -> Action {
        guard phase == .new else { return .ignore(phase == .ended ? .ended : .duplicateRequest) }
        guard negotiation.acknowledged.isEmpty else {
            phase = .optionsSent
            return .sendOptionAcknowledgement(negotiation.acknowledged)
        }
        phase = .sending
        return sendWindow()
    }

    /// A packet from the transfer's own TID.
    package mutating func receive(_ packet: TFTPPacket) -> Action {
        switch phase {
        case .new: return .ignore(.notStarted)
        case .ended: return .ignore(.ended)
        case .optionsSent, .sending: break
        }
        switch packet {
        case .acknowledgement(let block): return receiveAcknowledgement(of: block)
        case .error(let code, let message):
            let early = phase == .optionsSent
            phase = .ended
            return .failed(.clientError(code, message: message, beforeFirstBlock: early))
        case .readRequest: return .ignore(.duplicateRequest)
        case .writeRequest, .data, .optionAcknowledgement: return .ignore(.unexpectedPacket)
        }
    }

    /// No packet moved the transfer on for `timeoutInterval`: sends again what is unacknowledged, or gives up.
    package mutating func timeout() -> Action {
        switch phase {
        case .new: return .ignore(.notStarted)
        case .ended: return .ignore(.ended)
        case .optionsSent, .sending: break
        }
        guard attempts < retransmissions else {
            defer { phase = .ended }
            if phase == .optionsSent { return .failed(.optionsUnacknowledged) }
            return .failed(sent == lastBlock ? .lastBlockUnacknowledged : .unacknowledged(block: acknowledged + 1))
        }
        attempts += 1
        return phase == .optionsSent ? .sendOptionAcknowledgement(negotiation.acknowledged) : sendWindow()
    }

    private mutating func receiveAcknowledgement(of number: UInt16) -> Action {
        if phase == .optionsSent {
            guard number == 0 else { return .ignore(.acknowledgementOutsideWindow(number)) }
            phase = .sending
            attempts = 0
            return sendWindow()
        }
        // At most 65,535 blocks are under way, so the distance from the last acknowledged block is unambiguous across the wrap.
        let distance = Int(number &- wireNumber(of: acknowledged))
        guard distance > 0 else { return .ignore(.duplicateAcknowledgement) }
        let block = acknowledged + distance
        guard block <= sent else { return .ignore(.acknowledgementOutsideWindow(number)) }
        acknowledged = block
        attempts = 0
        guard block < lastBlock else {
            phase = .ended
            return .finished
        }
        // An acknowledgement inside the window says that the block after it was lost (RFC 7440 section 4): start over from there.
        return sendWindow()
    }

    private mutating func sendWindow() -> Action {
        sent = min(lastBlock, acknowledged + windowSize)
        return .send(blocks: acknowledged + 1...sent)
    }
}
