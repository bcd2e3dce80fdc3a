extension TFTPPacket {
    /// Decodes a UDP payload, all of it. NULs after the last option are taken as padding, which some ROMs send.
    package init(decoding bytes: some Collection<UInt8>) throws(TFTPDecodeError) {
        var reader = Reader(bytes: Array(bytes))
        let operation = try reader.unsigned16("opcode")
        switch operation {
        case 1: self = .readRequest(try reader.request())
        case 2: self = .writeRequest(try reader.request())
        case 3: self = .data(block: try reader.unsigned16("block"), bytes: reader.rest())
        case 4:
            self = .acknowledgement(block: try reader.unsigned16("block"))
            try reader.end()
        case 5:
            let code = TFTPErrorCode(rawValue: try reader.unsigned16("error code"))
            self = .error(code, message: reader.message())
        case 6: self = .optionAcknowledgement(try reader.options())
        default: throw .unknownOperation(operation)
        }
    }

    /// The block of an ACK, without making a packet of it; `nil` for anything else.
    package static func acknowledgedBlock(in bytes: UnsafeRawBufferPointer) -> UInt16? {
        guard bytes.count == 4, bytes[0] == 0, bytes[1] == 4 else { return nil }
        return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    /// RFC 2347 section 2 allows 512 bytes; this leaves room for ROMs that pad to a full frame, and none for floods of options.
    package static let maximumRequestSize = 1500

    private struct Reader {
        let bytes: [UInt8]
        var offset = 0

        init(bytes: [UInt8]) { self.bytes = bytes }

        var remaining: Int { bytes.count - offset }

        mutating func unsigned16(_ field: String) throws(TFTPDecodeError) -> UInt16 {
            guard remaining >= 2 else { throw .truncated(field: field, offset: offset, needed: 2, remaining: remaining) }
            defer { offset += 2 }
            return UInt16(bytes[offset]) << 8 | UInt16(bytes[offset + 1])
        }

        mutating func rest() -> ArraySlice<UInt8> {
            defer { offset = bytes.count }
            return bytes[offset...]
        }

        /// The bytes before the next NUL, which is taken too.
        mutating func string(_ field: String) throws(TFTPDecodeError) -> ArraySlice<UInt8> {
            guard let end = bytes[offset...].firstIndex(of: 0) else { throw .unterminated(field: field, offset: offset) }
            defer { offset = end + 1 }
            return bytes[offset..<end]
        }

        mutating func text(_ field: String) throws(TFTPDecodeError) -> String {
            let start = offset
            guard let text = String(validating: try string(field), as: UTF8.self) else {
                throw .invalidText(field: field, offset: start)
            }
            return text
        }

        mutating func request() throws(TFTPDecodeError) -> TFTPRequest {
            let fileName = try string("file name")
            let mode = TFTPRequest.Mode(rawValue: try text("mode"))
            return TFTPRequest(fileName: Array(fileName), mode: mode, options: try options())
        }

        mutating func options() throws(TFTPDecodeError) -> [TFTPOption] {
            guard bytes.count <= TFTPPacket.maximumRequestSize else { throw .requestTooLong(bytes.count) }
            guard let last = bytes.lastIndex(where: { $0 != 0 }) else { return [] }
            var options: [TFTPOption] = []
            while offset <= last {
                let name = try text("option name")
                options.append(TFTPOption(name, try text("value of option \(name)")))
            }
            return options
        }

        /// For people only, so that a missing NUL and ill-formed text are forgiven.
        mutating func message() -> String { String(decoding: rest().prefix { $0 != 0 }, as: UTF8.self) }

        func end() throws(TFTPDecodeError) {
            // Firmware pads short packets to its own buffer's size; only zeros count as that.
            guard bytes[offset...].allSatisfy({ $0 == 0 }) else { throw .trailingBytes(offset: offset, count: remaining) }
        }
    }
}
