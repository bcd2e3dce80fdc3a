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
        var meanings: [String] = []
        if let program = ties.program {
            meanings.append("\(program), which ends with its system, so `soft` is not possible on its host")
        }
        if let fixture = ties.fixture {
            meanings.append(
                "\(fixture): it can be neither kept nor saved while the kernel changes, so `warm` and `save` are not possible on its host")
        } else if let memory = ties.memory {
            meanings.append(
                "\(memory): its memory cannot stay in place while the kernel changes, so `warm` is not possible on its host, but `save` is")
        }
        let path = "spec.xml"
        return meanings.map { DocumentNote(file: file, line: mark(path).line, path: path, message: "guest \(metadata.name) \($0)") }
    }
}
