// Many TFTP clients in one process, each with an address of its own, all behind one socket: for benchmarks and tests of servers. Every block is
// compared with the file that it should come from. Prints one line: what arrived, in which time, and what went wrong.
import Foundation
import Primitives

/// `name=value` words.
let words = Dictionary(
    CommandLine.arguments.dropFirst().map { word in
        let parts = word.split(separator: "=", maxSplits: 1)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
    }, uniquingKeysWith: { $1 })

func fail(_ message: String) -> Never {
    FileHandle.standardError.write(Data("error: \(message)\n".utf8))
    exit(1)
}

func number(_ name: String, _ standard: Int, _ range: ClosedRange<Int>) -> Int {
    guard let word = words[name] else { return standard }
    guard let number = Int(word), range.contains(number) else { fail("\(name) must be \(range)") }
    return number
}

guard let server = words["server"].flatMap({ IPv4Address($0) }), let path = words["file"], let name = words["name"],
    let first = IPv4Address(words["first"] ?? "127.1.0.1")
else {
    fail(
        "usage: TFTPFetches server=IPV4 name=NAME file=PATH [port=69] [first=127.1.0.1] [clients=1] [block=512] [window=1] [disorder=each] [seconds=S | times=N]"
    )
}
guard let file = try? Data(contentsOf: URL(filePath: path), options: .alwaysMapped) else { fail("cannot read \(path)") }
let plan = FetchPlan(
    server: server, port: UInt16(number("port", 69, 1...65_535)), name: name, firstAddress: first, clients: number("clients", 1, 1...65_000),
    blockSize: number("block", 512, 8...65_464), windowSize: number("window", 1, 1...65_535),
    answersAllDisorder: words["disorder"] == "each", seconds: words["seconds"].map { _ in number("seconds", 1, 1...3600) },
    times: number("times", 1, 1...1_000_000))

let summary = file.withUnsafeBytes { content -> FetchSummary in
    do {
        let fetches = try Fetches(plan, content: content)
        return try fetches.run()
    } catch { fail("\(error)") }
}
print(summary)
exit(summary.errors == 0 && summary.wrongBlocks == 0 ? 0 : 1)
