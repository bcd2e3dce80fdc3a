import GuestXML
import HostContract

/// What is no mistake in a document, and what its author should know all the same.
package struct DocumentNote: Sendable, Hashable {
    /// As the operator typed it.
    package var file: String
    package var line: Int
    /// Inside the document, like `spec.xml`.
    package var path: String
    package var message: String
}

extension Document {
    /// What its guest keeps the host from, while it runs there.
    package var notes: [DocumentNote] {
        guard case .guest(let spec) = spec, let ties = spec.guest.xml.flatMap({ VerbatimXML($0) }).map({ KernelTies($0) }) else { return [] }
        let meaning: String
        if let fixture = ties.fixture {
            meaning = "\(fixture): it can be neither kept nor saved while the kernel changes, so `warm` and `save` are not possible on its host"
        } else if let memory = ties.memory {
            meaning = "\(memory): its memory cannot stay in place while the kernel changes, so `warm` is not possible on its host, but `save` is"
        } else {
            return []
        }
        let path = "spec.xml"
        return [DocumentNote(file: file, line: mark(path).line, path: path, message: "guest \(metadata.name) \(meaning)")]
    }
}
