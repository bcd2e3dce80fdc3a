import BootPolicy
import DHCPWire
import Primitives
import Testing

@Suite("What other DHCP servers are told")
struct BootClassTests {
    @Test("is what we tell the same clients ourselves, for every architecture of the table", arguments: LoaderTable.ipxe.files.keys)
    func asOurs(architecture: ClientArchitecture) throws {
        let vendorClass = architecture.loadsByHTTP ? "HTTPClient" : "PXEClient"
        let (reply, _, _) = try replied(to: message(vendorClass: vendorClass, architecture: architecture.rawValue))
        let kind = try #require(BootClass.all(loaders: .ipxe, servers: servers).first { $0.sign == .architecture(architecture) })
        switch kind.directions {
        case .tftp(let file, let server):
            #expect(reply.bootFileName == file && reply.serverAddress == server && !architecture.loadsByHTTP)
        case .http(let url): #expect(reply.bootFileName == url && architecture.loadsByHTTP)
        default: Issue.record("\(kind)")
        }
    }

    @Test("has every class of the table once, by a name of its own, iPXE first")
    func names() {
        let all = BootClass.all(loaders: .ipxe, servers: servers)
        #expect(all.count == LoaderTable.ipxe.files.count + 1 && all.first?.sign == .ipxe)
        #expect(all.first?.directions == .script(url: "http://10.0.0.1:8080/boot.ipxe"))
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(all.map(\.name).contains("x64-uefi-http-16"))
    }

    @Test("follows the table: an architecture that is added is in the text of each server", arguments: DHCPSnippet.Server.allCases)
    func follows(server: DHCPSnippet.Server) {
        var table = LoaderTable.ipxe
        table.files[.riscv64UEFI] = "riscv64.efi"
        let text = DHCPSnippet(loaders: table, servers: servers).text(for: server)
        #expect(text.contains("riscv64.efi") && text.contains("bennu-riscv64-uefi-27"))
        #expect(!DHCPSnippet(servers: servers).text(for: server).contains("riscv64"))
        #expect(text.utf8.allSatisfy { (32...126).contains($0) || $0 == 10 })
    }
}
