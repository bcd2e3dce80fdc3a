package import Foundation

/// The real `curl`, as a second opinion on what our servers speak.
package struct Curl: Sendable {
    package var status: Int
    package var body: Data

    package func decoded<Value: Decodable>(_ type: Value.Type) throws -> Value { try JSONDecoder().decode(type, from: body) }

    package struct NotRun: Error { package var code: Int32 }

    /// - Parameters:
    ///   - arguments: before the address: headers, a socket.
    ///   - body: sent with `--data-binary`.
    package static func run(_ method: String, _ url: String, body: Data? = nil, _ arguments: [String] = []) async throws -> Curl {
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/env")
        let data = body == nil ? [] : ["--data-binary", "@-"]
        // The status comes last, on a line of its own.
        curl.arguments = ["curl", "--silent", "--max-time", "60", "--write-out", "\n%{http_code}", "-X", method] + data + arguments + [url]
        let (input, output) = (Pipe(), Pipe())
        (curl.standardInput, curl.standardOutput) = (input, output)
        // Own threads: neither the server's nor the test's tasks wait for a program.
        let bytes = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Data, any Error>) in
            Thread.detachNewThread {
                do {
                    try curl.run()
                    Thread.detachNewThread {
                        try? input.fileHandleForWriting.write(contentsOf: body ?? Data())
                        try? input.fileHandleForWriting.close()
                    }
                    let bytes = output.fileHandleForReading.readDataToEndOfFile()
                    curl.waitUntilExit()
                    guard curl.terminationStatus == 0 else { throw NotRun(code: curl.terminationStatus) }
                    continuation.resume(returning: bytes)
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
        let end = bytes.lastIndex(of: 10) ?? bytes.startIndex
        let status = Int(String(decoding: bytes[end...].dropFirst(), as: UTF8.self)) ?? 0
        return Curl(status: status, body: Data(bytes[..<end]))
    }
}
