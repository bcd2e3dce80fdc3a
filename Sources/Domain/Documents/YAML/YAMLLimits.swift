/// What one document may ask of us, whoever wrote it.
enum YAMLLimits {
    /// Lists and mappings inside each other.
    static let depth = 64
    /// Values of one document.
    static let values = 200_000
    /// Values that aliases (`*name`) may repeat in one document: nine lines of aliases to aliases can stand for a thousand million values.
    static let aliasedValues = 10_000
}
