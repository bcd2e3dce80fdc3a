// HTTP clients that read and throw away: many connections on one thread, bodies dropped in the kernel (MSG_TRUNC), so that the server is what
// is measured. `swiftc -O` makes it. Arguments: see `usage`; every number is asked for on keep-alive connections, from all clients at once.
import Glibc

let usage = """
    load ADDRESS PORT PATH [--clients 1] [--seconds 3] [--rate REQUESTS_PER_SECOND] [--hosts N] [--slow N] [--slow-rate 10240] [--from FIRST_ADDRESS]
    {mac} in PATH is replaced by one hardware address after another, of --hosts; --slow clients read so many bytes a second beside the others
    and are not counted; with --from, each client has an address of its own, from that one on. Without --rate a client asks again as soon as it was answered.
    """

func fail(_ message: String) -> Never {
    fputs("error: \(message)\n", stderr)
    exit(1)
}

func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

var options = ["clients": 1.0, "seconds": 3, "rate": 0, "hosts": 1, "slow": 0, "slow-rate": 10240]
let words = Array(CommandLine.arguments.dropFirst())
guard words.count >= 3, let port = UInt16(words[1]) else { fail(usage) }
var firstAddress: UInt32?
for index in stride(from: 3, to: words.count, by: 2) {
    let name = String(words[index].dropFirst(2))
    if name == "from", index + 1 < words.count {
        firstAddress = UInt32(bigEndian: inet_addr(words[index + 1]))
        continue
    }
    guard options[name] != nil, index + 1 < words.count, let value = Double(words[index + 1]) else { fail(usage) }
    options[name] = value
}
let (clients, slow, hosts) = (Int(options["clients"]!), Int(options["slow"]!), Int(options["hosts"]!))
let rate = options["rate"]!

/// One connection.
struct Client {
    var socket: CInt
    /// Bytes of the body that are still to come; `nil` while the head is awaited.
    var left: Int?
    var asked = 0.0
    var isIdle = true
    var bytes = 0
}

var requests = 0
func request() -> [UInt8] {
    defer { requests += 1 }
    var path = words[2]
    if let place = path.range(of: "{mac}") {
        let host = requests % hosts
        let digits = [host >> 16, host >> 8, host].map { $0 & 255 }.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
        path.replaceSubrange(place, with: "52:54:00:" + digits.joined(separator: ":"))
    }
    return Array("GET \(path) HTTP/1.1\r\nHost: \(words[0])\r\nUser-Agent: load\r\n\r\n".utf8)
}

extension String {
    func range(of text: String) -> Range<String.Index>? {
        guard let first = text.first else { return nil }
        var start = startIndex
        while let place = self[start...].firstIndex(of: first) {
            if self[place...].hasPrefix(text) { return place..<index(place, offsetBy: text.count) }
            start = index(after: place)
        }
        return nil
    }
}

func withAddress(_ address: UInt32, port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
    var name = sockaddr_in()
    (name.sin_family, name.sin_port, name.sin_addr.s_addr) = (sa_family_t(AF_INET), port.bigEndian, address.bigEndian)
    return withUnsafePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
}

func connected(_ index: Int, receiveBuffer: CInt?) -> CInt {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { fail("no socket: errno \(errno)") }
    if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    var yes: CInt = 1
    setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &yes, 4)
    if let firstAddress, withAddress(firstAddress + UInt32(index), port: 0, { bind(descriptor, $0, $1) }) != 0 {
        fail("cannot take address \(index): errno \(errno)")
    }
    guard withAddress(UInt32(bigEndian: inet_addr(words[0])), port: port, { connect(descriptor, $0, $1) }) == 0 else { fail("cannot connect: errno \(errno)") }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    return descriptor
}

var all: [Client] = []
for index in 0..<(clients + slow) {
    let isSlow = index >= clients
    all.append(Client(socket: connected(index, receiveBuffer: isSlow ? 16384 : nil)))
}
var polled = all.prefix(clients).map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }

var (firstBytes, answers): ([Double], [Double]) = ([], [])
var failures = 0

func ask(_ index: Int, at time: Double) {
    let bytes = request()
    (all[index].asked, all[index].isIdle, all[index].left) = (time, false, nil)
    guard send(all[index].socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else { fail("cannot send: errno \(errno)") }
}

let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)

/// Reads what is there, at most `most` bytes of a body; true when an answer is complete.
func read(_ index: Int, most: Int) -> Bool {
    if all[index].left == nil {
        // A head comes in one piece from every server here; what follows it stays in the socket.
        let count = recv(all[index].socket, buffer.baseAddress, buffer.count, CInt(MSG_PEEK))
        guard count > 0 else { if count == 0 { fail("the server closed a connection") } else { return false } }
        let text = String(decoding: buffer[..<min(count, 2048)], as: UTF8.self)
        guard let end = text.utf8.indices.first(where: { text.utf8[$0...].starts(with: "\r\n\r\n".utf8) }) else { return false }
        let head = text[..<end]
        if !head.hasPrefix("HTTP/1.1 200") { failures += 1 }
        guard let field = head.split(whereSeparator: { $0 == "\r\n" }).first(where: { $0.lowercased().hasPrefix("content-length:") }),
            let length = Int(field.dropFirst(15).filter { $0 != " " })
        else { fail("an answer without Content-Length: \(head)") }
        if index < clients { firstBytes.append(now() - all[index].asked) }
        _ = recv(all[index].socket, buffer.baseAddress, head.utf8.count + 4, 0)
        all[index].left = length
    }
    while let left = all[index].left, left > 0 {
        let count = recv(all[index].socket, nil, min(left, most), CInt(MSG_TRUNC))
        guard count > 0 else { if count == 0 { fail("the server closed a connection") } else { return false } }
        all[index].left = left - count
        all[index].bytes += count
        if most < 1 << 20 { break }
    }
    return all[index].left == 0
}

func percentile(_ values: [Double], _ part: Double) -> Double {
    let sorted = values.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))] * 1000
}

// Slow clients first: they are under way when the others begin.
for index in clients..<(clients + slow) { ask(index, at: now()) }
let start = now() + (slow > 0 ? 2 : 0)
let end = start + options["seconds"]!
var (nextDue, nextSlow, slowTurn) = (start, now(), 0)
var idle = Array(0..<clients)
var hasBegun = false
while true {
    let time = now()
    if time >= end { break }
    if !hasBegun, time >= start {
        hasBegun = true
        for index in clients..<(clients + slow) { all[index].bytes = 0 }
    }
    if time >= start {
        while let index = idle.last, rate == 0 || nextDue <= time {
            idle.removeLast()
            ask(index, at: rate == 0 ? time : nextDue)
            if rate > 0 { nextDue += 1 / rate }
        }
    }
    // A tenth of the slow clients every tenth of a second: each has its turn once a second.
    while slow > 0, nextSlow <= time {
        for index in stride(from: clients + slowTurn, to: clients + slow, by: 10) where read(index, most: Int(options["slow-rate"]!)) {
            ask(index, at: time)
        }
        (nextSlow, slowTurn) = (nextSlow + 0.1, (slowTurn + 1) % 10)
    }
    guard poll(&polled, nfds_t(polled.count), rate > 0 ? 0 : 1) > 0 else { continue }
    for index in polled.indices where polled[index].revents != 0 {
        guard !all[index].isIdle, read(index, most: 4 << 20) else { continue }
        answers.append(now() - all[index].asked)
        all[index].isIdle = true
        if rate > 0 { idle.append(index) } else { ask(index, at: now()) }
    }
}
let seconds = now() - start
let fast = all[..<clients].map(\.bytes)
let slowBytes = all[clients...].reduce(0) { $0 + $1.bytes }
var used = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &used)
let processor = [used.ru_utime, used.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
if failures > 0 { fail("\(failures) answers were not 200") }
print(
    Double(fast.reduce(0, +)) / seconds / 1e6, Double(answers.count) / seconds, percentile(firstBytes, 0.5), percentile(firstBytes, 0.99),
    percentile(answers, 0.5), percentile(answers, 0.99), Double(fast.min() ?? 0) / Double(max(1, fast.reduce(0, +) / clients)),
    Double(slowBytes) / seconds / Double(max(1, slow)), processor)
