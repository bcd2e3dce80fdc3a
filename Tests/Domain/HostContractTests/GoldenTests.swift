import Foundation
import HostContract
import Testing

/// What goes over the wire is fixed by files: an image of last year sends and reads exactly these.
@Suite("The host contract, version 1, is what its golden files say")
struct GoldenTests {
    /// A golden file with what encodes to it and how it decodes.
    struct Golden: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let encode: @Sendable () throws -> Data
        /// Decodes and encodes again: equal bytes mean that nothing was lost or changed.
        let recode: @Sendable (Data) throws -> Data

        init<Value: Codable & Sendable>(_ name: String, _ value: Value) {
            testDescription = name
            encode = { try GoldenTests.encoder.encode(value) }
            recode = { try GoldenTests.encoder.encode(JSONDecoder().decode(Value.self, from: $0)) }
        }

        var bytes: Data { get throws { try Data(contentsOf: GoldenTests.directory.appendingPathComponent("\(testDescription).json")) } }
    }

    static let goldens = [
        Golden("boot-claim", Samples.claim), Golden("claim-grant", Samples.grant), Golden("host-configuration", Samples.configuration),
        Golden("signed-envelope", Samples.envelope), Golden("progress-report", Samples.progress), Golden("api-problem", Samples.problem),
        Golden("status-report", Samples.status), Golden("inventory", Samples.inventory), Golden("host-settings", Samples.settings),
    ]

    static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return encoder
    }

    static let directory: URL = {
        var directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while directory.path != "/", !FileManager.default.fileExists(atPath: directory.appendingPathComponent("Fixtures").path) {
            directory.deleteLastPathComponent()
        }
        return directory.appendingPathComponent("Fixtures/host-contract/v1")
    }()

    private func text(_ data: Data) -> String { String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines) }

    @Test("each type encodes to its file", arguments: goldens)
    func encodes(golden: Golden) throws { #expect(text(try golden.encode()) == text(try golden.bytes)) }

    @Test("each file decodes without loss", arguments: goldens)
    func decodes(golden: Golden) throws { #expect(text(try golden.recode(golden.bytes)) == text(try golden.bytes)) }

    @Test("fields that are not known yet are passed over", arguments: goldens)
    func tolerates(golden: Golden) throws {
        let object = try JSONSerialization.jsonObject(with: golden.bytes)
        let extended = try JSONSerialization.data(withJSONObject: Self.extended(object))
        #expect(text(extended).contains("ofAFutureVersion"))
        #expect(text(try golden.recode(extended)) == text(try golden.bytes))
    }

    /// Every object with one more field.
    private static func extended(_ value: Any) -> Any {
        if let list = value as? [Any] { return list.map { extended($0) } }
        guard var object = value as? [String: Any] else { return value }
        for (key, inner) in object { object[key] = extended(inner) }
        object["ofAFutureVersion"] = ["list": [1, 2], "text": "x"] as [String: Any]
        return object
    }

    @Test("every file has its type") func files() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.directory.path).filter { $0.hasSuffix(".json") }
        #expect(Set(names) == Set(Self.goldens.map { "\($0.testDescription).json" }))
    }
}
