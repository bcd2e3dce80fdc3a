extension TFTPPacket {
    /// The UDP payload. A NUL inside a name, value or message would end it early on the wire, so it is left out.
    package func encode() -> [UInt8] {
        switch self {
        case .readRequest(let request): Self.encode(1, request)
        case .writeRequest(let request): Self.encode(2, request)
        case .data(let block, let bytes): Self.header(3, block) + bytes
        case .acknowledgement(let block): Self.header(4, block)
        case .error(let code, let message): Self.header(5, code.rawValue) + Self.string(message.utf8)
        case .optionAcknowledgement(let options): [0, 6] + Self.encode(options)
        }
    }

    /// The four bytes before a DATA packet's bytes, the first of them the highest.
    package static func dataHeader(block: UInt16) -> UInt32 { 3 << 16 | UInt32(block) }

    private static func header(_ operation: UInt8, _ value: UInt16) -> [UInt8] {
        [0, operation, UInt8(value >> 8), UInt8(value & 0xff)]
    }

    private static func encode(_ operation: UInt8, _ request: TFTPRequest) -> [UInt8] {
        [0, operation] + string(request.fileName) + string(request.mode.rawValue.utf8) + encode(request.options)
    }

    private static func encode(_ options: [TFTPOption]) -> [UInt8] {
        options.flatMap { string($0.name.utf8) + string($0.value.utf8) }
    }

    private static func string(_ bytes: some Sequence<UInt8>) -> [UInt8] { bytes.filter { $0 != 0 } + [0] }
}
