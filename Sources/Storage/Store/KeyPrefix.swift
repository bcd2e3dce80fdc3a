/// The keys below one key, or all of them. `hosts` holds `hosts/a` and `hosts/a/b`, but neither `hosts` itself nor `hosts2/a`.
package enum KeyPrefix: Hashable, Sendable {
    case all
    case under(Key)

    package func contains(_ key: Key) -> Bool {
        switch self {
        case .all: true
        case .under(let parent): key.text.utf8.starts(with: "\(parent.text)/".utf8)
        }
    }

    /// Every key of the prefix is strictly greater than this text. No key ends in `/`, so none equals it.
    var lowerBound: String {
        switch self {
        case .all: ""
        case .under(let parent): "\(parent.text)/"
        }
    }

    /// Every key of the prefix is smaller than this text: `0` is the byte after `/`, and DEL is beyond every byte of a key.
    var upperBound: String {
        switch self {
        case .all: "\u{7f}"
        case .under(let parent): "\(parent.text)0"
        }
    }
}
