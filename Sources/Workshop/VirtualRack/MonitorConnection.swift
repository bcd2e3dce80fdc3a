import FoundationEssentials

/// A conversation in QMP (QEMU Machine Protocol): one JSON object a line, each command answered by `return` or `error`, events between.
/// Waits block the calling thread, for ten seconds at most; QEMU answers in milliseconds.
struct MonitorConnection {
    private let socket: LocalSocket
    private let path: String
    private var buffer = LineBuffer()

    /// A line of QEMU's; what we don't know in it is ignored.
    struct Message: Decodable {
        struct Failure: Decodable { let desc: String }
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        var greeting: Anything?
        var event: String?
        var error: Failure?
        var result: Anything?

        private enum CodingKeys: String, CodingKey {
            case greeting = "QMP"
            case event, error
            case result = "return"
        }
    }

    /// Connects and leaves capabilities negotiation, before which QEMU takes no command.
    init(_ path: String) throws(RackError) {
        self.path = path
        socket = try LocalSocket(connectingTo: path, timeLimit: .seconds(10))
        while try receive().greeting == nil {}
        try execute("qmp_capabilities")
    }

    /// Performs a command without arguments, such as `system_reset` or `quit`.
    mutating func execute(_ command: StaticString) throws(RackError) {
        try socket.write("{\"execute\":\"\(command)\"}\n".utf8)
        while true {
            let message = try receive()
            if let failure = message.error { throw .monitor(path: path, reason: "refused \(command): \(failure.desc)") }
            if message.result != nil { return }
        }
    }

    private mutating func receive() throws(RackError) -> Message {
        while true {
            if let line = buffer.next() {
                do {
                    return try JSONDecoder().decode(Message.self, from: Data(line))
                } catch {
                    throw .monitor(path: path, reason: "said what is not QMP: \(String(decoding: line.prefix(80), as: UTF8.self))")
                }
            }
            let bytes = try socket.read()
            guard !bytes.isEmpty else { throw .monitor(path: path, reason: "closed the connection") }
            guard buffer.append(bytes) else { throw .monitor(path: path, reason: "sent a line longer than 1 MiB") }
        }
    }
}

/// Bytes into lines; a line is at most 1 MiB.
struct LineBuffer {
    private var bytes: [UInt8] = []

    /// False when there are too many bytes without an end of line.
    mutating func append(_ more: [UInt8]) -> Bool {
        bytes += more
        return bytes.count <= 1 << 20
    }

    /// The next whole line, without its end.
    mutating func next() -> [UInt8]? {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = bytes[..<end]
        bytes.removeFirst(end + 1)
        return Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
}
