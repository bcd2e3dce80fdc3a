import GuestXML
import Testing

@Suite struct VerbatimXMLTests {
    @Test(
        "a name and a UUID are set whatever the document looks like",
        arguments: [
            (
                "<domain type='kvm'><memory>1</memory></domain>",
                "<domain type='kvm'><name>g</name><uuid>u</uuid><memory>1</memory></domain>"
            ),
            (
                "<domain>\n<name>old</name>\n<uuid/>\n<x><name>inner</name></x></domain>",
                "<domain><name>g</name><uuid>u</uuid>\n\n\n<x><name>inner</name></x></domain>"
            ),
            (
                "<?xml version='1.0'?><!-- <name>no</name> --><domain a='>'><d><![CDATA[<name>]]></d></domain>",
                "<?xml version='1.0'?><!-- <name>no</name> --><domain a='>'><name>g</name><uuid>u</uuid><d><![CDATA[<name>]]></d></domain>"
            ),
        ])
    func sets(input: String, output: String) throws {
        #expect(try #require(VerbatimXML(input)).setting(["name": "g", "uuid": "u"]) == output)
    }

    @Test("the machine type is that of the operating system's element, wherever others of its name are")
    func machineType() {
        let os = "<os><type arch='x86_64' machine='pc-q35-10.0'>hvm</type></os>"
        #expect(VerbatimXML("<domain><metadata><type>x</type></metadata>\(os)</domain>")?.machineType == "pc-q35-10.0")
        #expect(VerbatimXML("<domain><os><type>hvm</type></os></domain>")?.machineType == nil)
    }

    @Test("values are escaped")
    func escapes() throws {
        #expect(try #require(VerbatimXML("<d></d>")).setting(["name": "<&'\">"]) == "<d><name>&lt;&amp;&apos;&quot;&gt;</name></d>")
    }

    @Test(
        "what is no document is refused",
        arguments: ["", "text", "<a>", "<a/>", "<a><b></a>", "<a", "<!-- ", "<a><![CDATA[", "<", "</a>", "<a b='></a>"])
    func refuses(text: String) { #expect(VerbatimXML(text) == nil) }

    @Test("no prefix of a document traps")
    func prefixes() {
        let text = "<?xml version='1.0'?><!DOCTYPE d><domain a='x'><name>g</name><!-- c --><e/><![CDATA[d]]></domain>"
        for count in 0..<text.count { #expect(VerbatimXML(String(text.prefix(count))) == nil) }
        #expect(VerbatimXML(text)?.text(of: "name") == "g")
    }
}
