import Documents
import Foundation

/// Files of this repository that tests read: examples and documentation.
enum Repository {
    /// The directory that holds `Examples`, from this file upwards.
    static let root: URL = {
        var directory = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        while directory.path != "/", !FileManager.default.fileExists(atPath: directory.appendingPathComponent("Examples").path) {
            directory.deleteLastPathComponent()
        }
        return directory
    }()

    static func text(_ path: String) throws -> String { try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8) }

    /// The inputs that the fuzzer begins with, and what once crashed.
    static func seeds() throws -> [(path: String, bytes: [UInt8])] {
        let directory = root.appendingPathComponent("Fuzz/Corpus/documents")
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map {
            ($0, Array(try Data(contentsOf: directory.appendingPathComponent($0))))
        }
    }

    /// Every YAML file of a directory, by name.
    static func yamlFiles(in path: String) throws -> [SourceFile] {
        try FileManager.default.contentsOfDirectory(atPath: root.appendingPathComponent(path).path)
            .filter { $0.hasSuffix(".yaml") }.sorted().map { SourceFile(path: "\(path)/\($0)", text: try text("\(path)/\($0)")) }
    }
}

extension DocumentParser {
    static func parse(_ text: String) -> ParseResult { parse(files: [SourceFile(path: "a.yaml", text: text)]) }
}

extension [DocumentProblem] {
    /// `line path code`, for tables.
    var summaries: [String] { map { "\($0.line) \($0.path) \($0.code.rawValue)" } }
}
