/// What came out of a set of files.
package struct ParseResult: Sendable, Hashable {
    /// Documents without a mistake of their own, in the order of the files. Nothing may be applied while `problems` is not empty.
    package var documents: [Document]
    /// Every mistake, by file and place; at most `DocumentParser.maximumProblems`.
    package var problems: [DocumentProblem]
}

/// Reads YAML files into documents and names every mistake in them.
package enum DocumentParser {
    /// More are cut off with `.tooManyProblems`: nobody reads on, and an answer has to end.
    package static let maximumProblems = 1000

    /// All documents of all files. The checks over the whole set are `DocumentSet.validate()`.
    package static func parse(files: [SourceFile]) -> ParseResult {
        var documents: [Document] = []
        var problems: [DocumentProblem] = []
        var places: [DocumentKey: Document] = [:]
        for file in files {
            guard file.text.utf8.count <= SourceFile.maximumBytes else {
                let size = "the file has more than \(SourceFile.maximumBytes >> 20) MiB"
                problems.append(
                    DocumentProblem(.tooLarge, file: file.path, at: SourcePosition(line: 1, column: 1), message: size, hint: "split it"))
                continue
            }
            for source in YAMLSource.split(file.text) where problems.count <= maximumProblems {
                let reading = Reading(file: file.path)
                let document = read(source, reading)
                problems += reading.problems
                guard let document else { continue }
                if let first = places[document.key] {
                    problems.append(duplicate(document, first: first))
                    continue
                }
                places[document.key] = document
                if reading.problems.isEmpty { documents.append(document) }
            }
        }
        return ParseResult(documents: documents, problems: bounded(problems))
    }

    /// In order, and cut where there are too many.
    static func bounded(_ problems: [DocumentProblem]) -> [DocumentProblem] {
        let sorted = problems.sorted()
        guard sorted.count > maximumProblems, let last = sorted.dropFirst(maximumProblems - 1).first else { return sorted }
        let cut = DocumentProblem(
            .tooManyProblems, file: last.file, at: SourcePosition(line: last.line, column: last.column),
            message: "there are more than \(maximumProblems) mistakes; the rest is not shown")
        return Array(sorted.prefix(maximumProblems - 1)) + [cut]
    }

    private static func duplicate(_ document: Document, first: Document) -> DocumentProblem {
        DocumentProblem(
            .duplicateDocument, file: document.file, at: document.mark("metadata.name"), path: "metadata.name",
            message: "\(document.key) is already defined at \(first.file):\(first.mark("metadata.name").line)",
            hint: "rename or remove one of them")
    }

    /// The document as far as it can be read; what is wrong with it goes to `reading`. `nil` when not even kind and name could be told.
    private static func read(_ source: YAMLSource, _ reading: Reading) -> Document? {
        let root: YAMLNode
        do {
            root = try YAMLComposer.compose(source, file: reading.file)
        } catch {
            reading.report(error)
            return nil
        }
        let cursor = Cursor(node: root, path: "", reading: reading)
        guard let fields = cursor.fields(["apiVersion", "kind", "metadata", "spec"]) else { return nil }

        if let version = fields.required("apiVersion", example: DocumentKind.apiVersion), let text = version.text(),
            text != DocumentKind.apiVersion
        {
            version.report(
                .unknownVersion, "unknown apiVersion \"\(text.prefix(60))\"", hint: "this server reads \(DocumentKind.apiVersion)")
        }
        let metadata = fields.required("metadata", example: "{name: …}").flatMap(Metadata.init(reading:))
        guard let kind = fields.required("kind", example: "Host").flatMap(kind) else { return nil }
        guard let spec = spec(of: kind, fields, name: metadata?.name ?? ""), let metadata else { return nil }
        return Document(
            metadata: metadata, spec: spec, source: source.text, file: reading.file, position: root.position, firstLine: source.firstLine)
    }

    /// Where the values are that other documents may quarrel with, by path.
    static func places(in document: Document) -> [String: SourcePosition] {
        let reading = Reading(file: document.file)
        _ = read(YAMLSource(text: document.source, firstLine: document.firstLine), reading)
        return reading.marks
    }

    private static func kind(_ cursor: Cursor) -> DocumentKind? {
        guard let text = cursor.text(expecting: "a kind") else { return nil }
        if let kind = DocumentKind(rawValue: text) { return kind }
        let known = DocumentKind.allCases.map(\.rawValue)
        let hint = NearestName.of(text, among: known).map { "did you mean \($0)?" } ?? "known kinds: \(known.joined(separator: ", "))"
        cursor.report(.unknownKind, "unknown kind \"\(text.prefix(60))\"", hint: hint)
        return nil
    }

    private static func spec(of kind: DocumentKind, _ fields: Fields, name: String) -> Document.Spec? {
        guard let cursor = fields["spec"] ?? emptySpec(of: kind, fields) else { return nil }
        return switch kind {
        case .subnet: SubnetSpec(reading: cursor).map { .subnet($0) }
        case .image: ImageSpec(reading: cursor).map { .image($0) }
        case .profile: ProfileSpec(reading: cursor).map { .profile($0) }
        case .host: HostSpec(reading: cursor).map { .host($0) }
        case .guest: GuestSpec(reading: cursor, name: name).map { .guest($0) }
        case .bootServer: BootServerSpec(reading: cursor).map { .bootServer($0) }
        }
    }

    /// A Profile may say nothing yet; every other kind has required fields.
    private static func emptySpec(of kind: DocumentKind, _ fields: Fields) -> Cursor? {
        guard kind == .profile else { return fields.required("spec", example: "{…}") }
        let nothing = YAMLNode(value: .mapping([], isFlow: true), position: fields.owner.node.position, span: 0..<0)
        return fields.owner.field("spec", nothing)
    }
}

extension Metadata {
    init?(reading cursor: Cursor) {
        guard let fields = cursor.fields(["name", "labels"]) else { return nil }
        let name = fields.required("name", example: "h1")?.mark().parsed(Rules.nameExpectation, Rules.name)
        var labels: [String: String] = [:]
        for (key, value, node) in fields["labels"]?.entries(expecting: "a mapping of labels") ?? [] {
            if Rules.labelKey(key) == nil {
                value.report(.invalidValue, "expected a label of letters, digits, '.', '_', '-' and '/'", at: node.position)
            }
            labels[key] = value.parsed("text of at most 253 bytes") { $0.utf8.count <= 253 ? $0 : nil }
        }
        guard let name else { return nil }
        self.init(name: name, labels: labels)
    }
}
