package import FleetModel
package import Primitives

/// The script that a host's iPXE runs (https://ipxe.org/scripting), for iPXE of 2019 and later, on BIOS and UEFI.
///
/// iPXE splits lines at whitespace and has no quotes; `${…}` is expanded in every word, `#` begins a comment, and `||`, `&&`, `;` and a
/// trailing backslash are its syntax. Text for people is cleaned of all that; what must arrive exactly (arguments) is refused instead.
package enum IPXEScript {
    /// Where the script sends the host. URLs have no trailing slash and name an IP literal: firmware may have no DNS.
    package struct Servers: Sendable, Hashable {
        /// `http://10.0.0.1:8080`
        package var boot: String
        /// `http://10.0.0.1:8081`
        package var configuration: String
        package init(boot: String, configuration: String) { (self.boot, self.configuration) = (boot, configuration) }
    }

    /// Who asked; the script asks again in the same words.
    package struct Client: Sendable, Hashable {
        package var hardwareAddress: HardwareAddress
        package var uuid: UniversalUniqueIdentifier?
        package init(hardwareAddress: HardwareAddress, uuid: UniversalUniqueIdentifier?) {
            (self.hardwareAddress, self.uuid) = (hardwareAddress, uuid)
        }
    }

    /// What to load. Initrds are unpacked in their order.
    package struct Load: Sendable, Hashable {
        package var boot: BootID
        package var hostName: String
        package var imageReference: String
        package var kernel: Digest
        package var initrds: [Digest]
        package var root: Digest?
        package var arguments: [String]
        package init(
            boot: BootID, hostName: String, imageReference: String, kernel: Digest, initrds: [Digest], root: Digest?, arguments: [String]
        ) {
            (self.boot, self.hostName, self.imageReference) = (boot, hostName, imageReference)
            (self.kernel, self.initrds, self.root, self.arguments) = (kernel, initrds, root, arguments)
        }
    }

    /// Why no script can be made that does what was asked.
    package enum Refusal: Error, Sendable, Hashable, CustomStringConvertible {
        /// iPXE or the kernel would read it as something else; counted from 0 among the plan's arguments.
        case argumentUnusable(index: Int, String)
        /// Bytes of the whole kernel command line, where the kernel silently cuts.
        case commandLineTooLong(Int)

        package var name: String {
            switch self {
            case .argumentUnusable: "argument-unusable"
            case .commandLineTooLong: "command-line-too-long"
            }
        }

        package var description: String {
            switch self {
            case .argumentUnusable(let index, let text):
                "kernel argument \(index + 1) cannot be sent: \(IPXEScript.clean(text, limit: 60)) "
                    + "(printable ASCII without spaces, no ${, no leading #, not || && or ;)"
            case .commandLineTooLong(let count):
                "the kernel command line has \(count) bytes, the kernel reads \(IPXEScript.longestCommandLine)"
            }
        }
    }

    /// COMMAND_LINE_SIZE of x86 is 2048 with its NUL, and iPXE for UEFI puts the kernel's name in front.
    package static let longestCommandLine = 2000
    /// Seconds between two questions of a host that waits.
    package static let pause = 10

    /// The URL that `client` fetches its script from.
    package static func url(of client: Client, at servers: Servers) -> String {
        let uuid = client.uuid.map { "&uuid=\($0)" } ?? ""
        return "\(servers.boot)/boot.ipxe?mac=\(client.hardwareAddress)\(uuid)"
    }

    /// One line of printable ASCII that iPXE prints as it stands, at most `limit` characters.
    package static func clean(_ text: String, limit: Int = 200) -> String {
        // Nearly every name is one plain word.
        if text.utf8.count < limit, text.utf8.allSatisfy(isPlain) { return text }
        var words: [String] = []
        var length = 0
        // A host name of a megabyte costs no more than its beginning.
        for word in text.unicodeScalars.prefix(limit * 4).split(whereSeparator: { $0.value <= 32 || $0.value == 127 }) {
            let kept = String(String.UnicodeScalarView(word.map(replacement)))
            let safe = ["||", "&&", ";"].contains(kept) ? "," : kept.first == "#" ? "No." + kept.dropFirst() : kept
            guard length + safe.utf8.count < limit else {
                words.append(String(safe.prefix(max(0, limit - length))))
                break
            }
            words.append(safe)
            length += safe.utf8.count + 1
        }
        return words.joined(separator: " ")
    }

    /// Letters, digits and `-`, `.`, `/`, `:`, `_`.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-")...UInt8(ascii: ":"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// `$` could begin an expansion, a backslash at the end joins lines, and a console shows no more than ASCII.
    private static func replacement(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "$", "\\": "_"
        case "!"..."~": scalar
        default: "?"
        }
    }

    /// True when iPXE passes `argument` on unchanged and the kernel sees one word.
    package static func isUsable(_ argument: String) -> Bool {
        guard !argument.isEmpty, argument.utf8.allSatisfy({ (33...126).contains($0) }) else { return false }
        guard !argument.contains("${"), !argument.hasPrefix("#"), !argument.hasSuffix("\\") else { return false }
        return !["||", "&&", ";"].contains(argument)
    }
}
