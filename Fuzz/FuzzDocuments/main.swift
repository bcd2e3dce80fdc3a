import Documents
import FleetModel
import FuzzDriver

/// Any bytes are documents or problems. What parsed survives: its own source parses to the same, a Host is written and read back, an edit
/// holds.
fuzz { bytes in
    guard let file = try? SourceFile(path: "input", bytes: bytes) else { return }
    let result = DocumentParser.parse(files: [file])
    precondition(result.problems.count <= DocumentParser.maximumProblems)
    let set = DocumentSet(result.documents)
    _ = set.validate()
    for document in result.documents {
        let again = DocumentParser.parse(files: [SourceFile(path: "source", text: document.source)])
        for note in document.notes { precondition(note.line > 0 && note.path == "spec.xml") }
        precondition(again.problems.isEmpty && again.documents.map(\.spec) == [document.spec], "a document's own source reads differently")
        guard case .host(let spec) = document.spec else { continue }
        let written = DocumentParser.parse(files: [SourceFile(path: "written", text: spec.yaml(metadata: document.metadata))])
        precondition(written.documents.first?.spec == document.spec, "a written host reads differently")
        precondition(written.documents.first?.metadata == document.metadata, "written metadata reads differently")
        guard let edited = DocumentEdit.setting("image", to: .text("kvm:fuzz"), in: document.source) else { continue }
        let changed = DocumentParser.parse(files: [SourceFile(path: "edited", text: edited)])
        guard case .host(var found) = changed.documents.first?.spec else { preconditionFailure("an edited host does not parse") }
        precondition(found.image?.description == "kvm:fuzz")
        found.image = spec.image
        precondition(found == spec, "an edit changed more than its field")
    }
    for (name, _) in set.hosts { _ = (set.settings(forHost: name), set.kernelArguments(forHost: name)) }
}
