import CYaml

/// Makes a tree of nodes from the events of libyaml's parser.
///
/// The C parser that Yams carries is used without Yams' own composer, which expands aliases without limit, stops at the first repeated
/// key and drops the end of each value: here aliases have a budget, repeated keys are left for the schema to report, and every value
/// knows its span.
struct YAMLComposer: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let file: String
    private let source: YAMLSource
    private var anchors: [String: (node: YAMLNode, values: Int, depth: Int)] = [:]
    private var values = 0
    private var aliasedValues = 0

    /// The root of one document.
    static func compose(_ source: YAMLSource, file: String) throws(DocumentProblem) -> YAMLNode {
        let bytes = Array(source.text.utf8)
        let result = bytes.withUnsafeBufferPointer { buffer -> Result<YAMLNode, DocumentProblem> in
            do throws(DocumentProblem) {
                var composer = try YAMLComposer(buffer, source: source, file: file)
                return .success(try composer.root())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// `buffer` must outlive the composer: libyaml reads from it without a copy.
    private init(_ buffer: UnsafeBufferPointer<UInt8>, source: YAMLSource, file: String) throws(DocumentProblem) {
        (self.source, self.file) = (source, file)
        // On the heap, because libyaml keeps the parser's own address in it.
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        guard yaml_parser_initialize(parser) == 1 else {
            throw DocumentProblem(.syntax, file: file, at: SourcePosition(line: 1, column: 1), message: "out of memory")
        }
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deinitialize(count: 1)
        parser.deallocate()
    }

    private mutating func root() throws(DocumentProblem) -> YAMLNode {
        var event = try nextEvent()
        while [.streamStart, .documentStart].contains(event.kind) { event = try nextEvent() }
        guard event.kind != .streamEnd else { return YAMLNode(value: .scalar("", isPlain: true), position: event.position, span: 0..<0) }
        let node = try node(event, depth: 1).node
        event = try nextEvent()
        if event.kind == .documentEnd { event = try nextEvent() }
        guard event.kind == .streamEnd else {
            throw problem(.syntax, event.position, "a second document begins here", hint: "put --- on a line of its own before it")
        }
        return node
    }

    /// The node that an event begins, how many values it holds and how deep they go.
    private mutating func node(_ event: YAMLEvent, depth: Int) throws(DocumentProblem) -> (node: YAMLNode, values: Int, depth: Int) {
        guard depth <= YAMLLimits.depth else {
            throw problem(.tooDeep, event.position, "lists and mappings go deeper than \(YAMLLimits.depth) levels")
        }
        values += 1
        guard values <= YAMLLimits.values else {
            throw problem(.tooManyValues, event.position, "the document holds more than \(YAMLLimits.values) values", hint: "split it")
        }
        if event.hasTag {
            throw problem(.explicitTag, event.position, "tags like !!binary are not used in documents", hint: "remove the tag")
        }
        var made: (node: YAMLNode, values: Int, depth: Int)
        switch event.kind {
        case .alias: return try alias(event, depth: depth)
        case .sequenceStart: made = try sequence(event, depth: depth)
        case .mappingStart: made = try mapping(event, depth: depth)
        default:
            let value = YAMLNode.Value.scalar(event.text, isPlain: event.isPlain)
            made = (YAMLNode(value: value, position: event.position, span: event.span), 1, 1)
        }
        if let anchor = event.anchor { anchors[anchor] = made }
        return made
    }

    private mutating func alias(_ event: YAMLEvent, depth: Int) throws(DocumentProblem) -> (node: YAMLNode, values: Int, depth: Int) {
        guard let anchor = event.anchor, var known = anchors[anchor] else {
            throw problem(.unknownAlias, event.position, "no anchor &\(event.anchor ?? "") comes before this alias")
        }
        guard depth + known.depth <= YAMLLimits.depth else {
            throw problem(.tooDeep, event.position, "aliases make lists and mappings deeper than \(YAMLLimits.depth) levels")
        }
        aliasedValues += known.values
        guard aliasedValues <= YAMLLimits.aliasedValues else {
            throw problem(
                .aliasBomb, event.position, "aliases repeat more than \(YAMLLimits.aliasedValues) values", hint: "write the values out")
        }
        known.node.span = event.span
        return known
    }

    private mutating func sequence(_ event: YAMLEvent, depth: Int) throws(DocumentProblem) -> (node: YAMLNode, values: Int, depth: Int) {
        var nodes: [YAMLNode] = []
        var (count, deepest) = (1, 0)
        var next = try nextEvent()
        while next.kind != .sequenceEnd {
            let item = try node(next, depth: depth + 1)
            nodes.append(item.node)
            (count, deepest) = (count + item.values, max(deepest, item.depth))
            next = try nextEvent()
        }
        let end = event.isFlow ? next.span.upperBound : nodes.last?.span.upperBound ?? event.span.upperBound
        let span = event.span.lowerBound..<max(end, event.span.lowerBound)
        return (YAMLNode(value: .sequence(nodes, isFlow: event.isFlow), position: event.position, span: span), count, deepest + 1)
    }

    private mutating func mapping(_ event: YAMLEvent, depth: Int) throws(DocumentProblem) -> (node: YAMLNode, values: Int, depth: Int) {
        var fields: [(key: YAMLNode, value: YAMLNode)] = []
        var (count, deepest) = (1, 0)
        var next = try nextEvent()
        while next.kind != .mappingEnd {
            let key = try node(next, depth: depth + 1)
            let value = try node(nextEvent(), depth: depth + 1)
            fields.append((key.node, value.node))
            (count, deepest) = (count + key.values + value.values, max(deepest, key.depth, value.depth))
            next = try nextEvent()
        }
        let end = event.isFlow ? next.span.upperBound : fields.last?.value.span.upperBound ?? event.span.upperBound
        let span = event.span.lowerBound..<max(end, event.span.lowerBound)
        return (YAMLNode(value: .mapping(fields, isFlow: event.isFlow), position: event.position, span: span), count, deepest + 1)
    }

    private func nextEvent() throws(DocumentProblem) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw parserProblem() }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(event, firstLine: source.firstLine)
    }

    private func parserProblem() -> DocumentProblem {
        let failed = parser.pointee
        var message = failed.problem.map { String(cString: $0) } ?? "this is not YAML"
        guard failed.error != YAML_READER_ERROR else {
            let before = source.text.utf8.prefix(failed.problem_offset)
            let line = before.count { $0 == UInt8(ascii: "\n") }
            return problem(.syntax, SourcePosition(line: source.firstLine + line, column: 1), message)
        }
        let place = YAMLEvent.position(failed.problem_mark, firstLine: source.firstLine)
        // libyaml has a limit of its own, which lists in brackets reach while it still looks for the end of a key.
        if message.hasPrefix("Maximum nesting level") {
            return problem(.tooDeep, place, "lists and mappings go deeper than \(YAMLLimits.depth) levels")
        }
        if let context = failed.context {
            let line = source.firstLine + Int(clamping: failed.context_mark.line)
            message = "\(message), \(String(cString: context)) that begins on line \(line)"
        }
        return problem(.syntax, place, message)
    }

    private func problem(_ code: DocumentProblem.Code, _ position: SourcePosition, _ message: String, hint: String? = nil)
        -> DocumentProblem
    {
        DocumentProblem(code, file: file, at: position, message: message, hint: hint)
    }
}
