import Crypto
import Primitives

/// SHA-256 of a definition, to see whether libvirt was given this one: what libvirt gives back is never what it was given.
package enum Fingerprint {
    package static func of(_ text: String) -> String { Hexadecimal.encode(SHA256.hash(data: Array(text.utf8))) }
}
