import Foundation
import HostContract

/// YAML files as the operator named them: one file, or every one below a directory.
package enum DocumentFiles {
    package static func read(_ path: String) throws -> [ApplyRequest.SourceText] {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            throw APIProblem(code: "no-such-file", message: "cannot read \(path): it does not exist")
        }
        guard isDirectory.boolValue else { return [try load(path)] }
        let found = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? [])
            .filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.sorted()
        guard !found.isEmpty else { throw APIProblem(code: "no-such-file", message: "no *.yaml or *.yml file is below \(path)") }
        return try found.map { try load((path.hasSuffix("/") ? path : path + "/") + $0) }
    }

    private static func load(_ path: String) throws -> ApplyRequest.SourceText {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw APIProblem(code: "unreadable-file", message: "cannot read \(path)")
        }
        return ApplyRequest.SourceText(path: path, text: String(decoding: data, as: UTF8.self))
    }
}
