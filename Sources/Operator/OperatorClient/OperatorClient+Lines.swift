import HostContract

extension OperatorClient {
    /// The lines of an answer that has no end (`application/x-ndjson`), as they come, without their newline; empty ones are left out.
    /// The connection closes when the caller stops reading.
    package func lines(_ path: String) -> AsyncThrowingStream<String, any Error> {
        AsyncThrowingStream { continuation in
            // The stream waits for this task: it ends with it, and `onTermination` ends it.
            let task = Task {
                do {
                    try await follow(path) { _ = continuation.yield($0) }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    private func follow(_ path: String, _ body: (String) -> Void) async throws {
        try await withAnswer("GET", path, body: nil) { status, parts in
            var splitter = LineSplitter(longestLine: largestAnswer)
            var refused: [UInt8] = []
            while let part = try await parts.next() {
                if (200..<300).contains(status) {
                    for line in try splitter.take(part) { body(line) }
                } else if refused.count < 65536 {
                    refused += part
                }
            }
            guard (200..<300).contains(status) else { throw Self.problem(status, refused, of: path) }
            if let rest = splitter.finish() { body(rest) }
        }
    }
}

/// Cuts a stream of bytes at its newlines.
struct LineSplitter {
    var longestLine: Int
    private var rest: [UInt8] = []

    init(longestLine: Int) { self.longestLine = longestLine }

    mutating func take(_ bytes: [UInt8]) throws(APIProblem) -> [String] {
        var lines: [String] = []
        for (index, part) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            if index > 0 {
                if !rest.isEmpty { lines.append(String(decoding: rest, as: UTF8.self)) }
                rest = []
            }
            rest += part
        }
        guard rest.count <= longestLine else {
            throw APIProblem(code: "answer-too-large", message: "the server sent a line of more than \(longestLine) bytes")
        }
        return lines
    }

    /// What came after the last newline.
    mutating func finish() -> String? {
        defer { rest = [] }
        return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
    }
}
