import TFTPWire
import Testing

@Suite("A requested name becomes a path inside the published tree, or is refused by name")
struct RequestPathTests {
    @Test(
        "what is accepted",
        arguments: [
            ("ipxe.efi", "ipxe.efi"), ("/ipxe.efi", "ipxe.efi"), ("\\boot\\x64\\wdsnbp.com", "boot/x64/wdsnbp.com"),
            ("//a//b/", "a/b"), ("./a/./b", "a/b"), ("a..b/..c", "a..b/..c"), ("pxelinux.cfg/01-52-54-00", "pxelinux.cfg/01-52-54-00"),
            ("C:\\x", "C:/x"), ("ü", "ü"),
        ])
    func accepted(name: String, path: String) throws { #expect(try TFTPRequestPath(name).description == path) }

    @Test(
        "what is refused",
        arguments: [
            ("", TFTPRequestPath.Refusal.empty), ("/", .empty), ("\\.\\", .empty), ("..", .parentDirectory),
            ("../etc/passwd", .parentDirectory),
            ("a/../b", .parentDirectory), ("a\\..\\..\\b", .parentDirectory), ("a\0b", .nul), ("a\nb", .controlCharacter(10)),
            ("a\u{7f}", .controlCharacter(127)), (String(repeating: "a", count: 513), .tooLong(513)),
        ])
    func refused(name: String, refusal: TFTPRequestPath.Refusal) {
        #expect(throws: refusal) { try TFTPRequestPath(name) }
    }

    @Test("a name that an old ROM ran past the end of is no text")
    func notText() {
        #expect(throws: TFTPRequestPath.Refusal.notUTF8) { try TFTPRequestPath(Array("undionly.kpxe".utf8) + [0xff]) }
    }

    @Test("netascii line ends")
    func netascii() {
        #expect(Netascii.encode([97, 10, 13, 98, 13, 10]) == [97, 13, 10, 13, 0, 98, 13, 0, 13, 10])
        #expect(Netascii.encode([]) == [])
    }
}
