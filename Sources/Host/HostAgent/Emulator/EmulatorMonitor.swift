import FoundationEssentials
import Glibc

/// A conversation with a QEMU in QMP (docs/interop/qmp-spec.rst): one JSON object a line, each command answered by `return` or `error`, events between.
/// Blocks, each wait for as long as `patience` says.
final class EmulatorMonitor {
    struct Processor: Decodable {
        var index: Int
        var thread: Int32
        private enum CodingKeys: String, CodingKey {
            case index = "cpu-index"
            case thread = "thread-id"
        }
    }
    struct CharacterDevice: Decodable {
        var label: String
        var filename: String
    }
    struct RunState: Decodable {
        var running: Bool
        var status: String
    }

    private struct Answer<Value: Decodable>: Decodable {
        struct Failure: Decodable { var desc: String }
        var result: Value?
        var error: Failure?
        private enum CodingKeys: String, CodingKey {
            case result = "return"
            case error
        }
    }
    private struct Nothing: Decodable { init(from decoder: any Decoder) {} }
    private struct Arguments<Values: Encodable>: Encodable {
        var execute: String
        var arguments: Values?
    }
    private struct NoValues: Encodable {}
    private struct Capabilities: Encodable {
        struct One: Encodable {
            var capability: String
            var state: Bool
        }
        var capabilities: [One]
    }
    private struct Address: Encodable { var uri: String }

    private let descriptor: Int32
    private var received: [UInt8] = []
    /// Bytes of a line that we take; QEMU's are far shorter.
    private static let longest = 4 << 20

    /// Connects, and leaves the negotiation of capabilities, before which QEMU takes no command.
    init(_ path: String, patience: Int) throws(HostFailure) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HostRoot.failure(.unreadable, "cannot make a socket", errno) }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] { setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size)) }
        do throws(HostFailure) {
            try LocalSocketAddress(path).use { address, length in connect(descriptor, address, length) }
            // The greeting.
            _ = try line()
            try perform("qmp_capabilities")
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    /// Leaves shared memory out of the state, or looks for it where it always was.
    func ignoreSharedMemory(_ isOn: Bool) throws(HostFailure) { try set("x-ignore-shared", isOn) }

    /// A libvirtd that finds the guest running takes it that the one before has switched these on.
    func reportMigration() throws(HostFailure) { try set("events", true) }

    private func set(_ capability: String, _ isOn: Bool) throws(HostFailure) {
        _ = try ask("migrate-set-capabilities", Capabilities(capabilities: [.init(capability: capability, state: isOn)]), Nothing.self)
    }

    /// Sends a command as it is.
    /// - Returns: the answer, JSON.
    func command(_ json: String) throws(HostFailure) -> String {
        try HostRoot.writeAll(descriptor, Array(json.utf8) + [UInt8(ascii: "\n")], name: "the monitor")
        return String(decoding: try answer(to: json, Nothing.self).line, as: UTF8.self)
    }

    func goOn() throws(HostFailure) { try perform("cont") }

    /// Begins to read the state that `file` has from `offset` on. A QEMU that cannot ends.
    func takeState(from file: String, offset: Int) throws(HostFailure) {
        _ = try ask("migrate-incoming", Address(uri: "file:\(file),offset=\(offset)"), Nothing.self)
    }

    func runState() throws(HostFailure) -> RunState { try ask("query-status", NoValues?.none, RunState.self) }
    func processors() throws(HostFailure) -> [Processor] { try ask("query-cpus-fast", NoValues?.none, [Processor].self) }
    func characterDevices() throws(HostFailure) -> [CharacterDevice] { try ask("query-chardev", NoValues?.none, [CharacterDevice].self) }

    private func perform(_ command: String) throws(HostFailure) { _ = try ask(command, NoValues?.none, Nothing.self) }

    private func ask<Value: Decodable>(_ command: String, _ values: (some Encodable)?, _ type: Value.Type) throws(HostFailure) -> Value {
        guard let request = try? JSONEncoder().encode(Arguments(execute: command, arguments: values)) else {
            throw HostFailure(.commandFailed, "\(command) cannot be encoded")
        }
        try HostRoot.writeAll(descriptor, Array(request) + [UInt8(ascii: "\n")], name: "the monitor")
        return try answer(to: command, type).value
    }

    private func answer<Value: Decodable>(to command: String, _ type: Value.Type) throws(HostFailure) -> (value: Value, line: [UInt8]) {
        while true {
            let line = try line()
            // An event, or what we do not know: not the answer.
            guard let answer = try? JSONDecoder().decode(Answer<Value>.self, from: Data(line)) else { continue }
            if let error = answer.error { throw HostFailure(.commandFailed, "QEMU refused \(command): \(error.desc)") }
            if let result = answer.result { return (result, line) }
        }
    }

    private func line() throws(HostFailure) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
                defer { received.removeFirst(end + 1) }
                return Array(received[..<end])
            }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw HostFailure(.commandFailed, count == 0 ? "QEMU has ended" : "QEMU does not answer") }
            received += buffer.prefix(count)
            guard received.count <= Self.longest else { throw HostFailure(.unreadable, "QEMU sent a line of more than \(Self.longest) bytes") }
        }
    }
}

/// The address of a Unix socket (unix(7)).
struct LocalSocketAddress {
    private var address = sockaddr_un()
    private let path: String

    /// - Throws: when the path does not fit, with its terminating zero.
    init(_ path: String) throws(HostFailure) {
        self.path = path
        guard !path.isEmpty, path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw HostFailure(.invalidItem, "\(path) is too long for a socket")
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    }

    /// - Throws: what `call` left in errno, unless it returned 0.
    func use(_ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) throws(HostFailure) {
        let code = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard code == 0 else { throw HostRoot.failure(.missing, "socket \(path)", errno) }
    }
}
