import CYaml

/// What libyaml's parser saw next, copied out of its memory.
struct YAMLEvent {
    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd, alias, scalar, sequenceStart, sequenceEnd, mappingStart, mappingEnd
    }

    var kind: Kind
    var position: SourcePosition
    /// In Unicode scalars of the document's text.
    var span: Range<Int>
    /// Of an alias: what it refers to.
    var anchor: String?
    var text = ""
    var isPlain = false
    var isFlow = false
    var hasTag = false

    init(_ event: yaml_event_t, firstLine: Int) {
        position = Self.position(event.start_mark, firstLine: firstLine)
        let start = Int(clamping: event.start_mark.index)
        span = start..<max(start, Int(clamping: event.end_mark.index))
        switch event.type {
        case YAML_STREAM_START_EVENT: kind = .streamStart
        case YAML_DOCUMENT_START_EVENT: kind = .documentStart
        case YAML_DOCUMENT_END_EVENT: kind = .documentEnd
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_ALIAS_EVENT:
            kind = .alias
            anchor = Self.string(event.data.alias.anchor)
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            kind = .scalar
            anchor = Self.string(scalar.anchor)
            // It may hold NUL, so its length counts.
            text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            isPlain = scalar.style == YAML_PLAIN_SCALAR_STYLE
            hasTag = scalar.tag != nil
        case YAML_SEQUENCE_START_EVENT:
            let sequence = event.data.sequence_start
            kind = .sequenceStart
            anchor = Self.string(sequence.anchor)
            isFlow = sequence.style == YAML_FLOW_SEQUENCE_STYLE
            hasTag = sequence.tag != nil
        case YAML_MAPPING_START_EVENT:
            let mapping = event.data.mapping_start
            kind = .mappingStart
            anchor = Self.string(mapping.anchor)
            isFlow = mapping.style == YAML_FLOW_MAPPING_STYLE
            hasTag = mapping.tag != nil
        default: kind = .streamEnd
        }
    }

    static func position(_ mark: yaml_mark_t, firstLine: Int) -> SourcePosition {
        SourcePosition(line: firstLine + Int(clamping: mark.line), column: Int(clamping: mark.column) + 1)
    }

    private static func string(_ pointer: UnsafeMutablePointer<UInt8>?) -> String? { pointer.map { String(cString: $0) } }
}
