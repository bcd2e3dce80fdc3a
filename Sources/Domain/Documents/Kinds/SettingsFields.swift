import HostContract

/// The settings that Profile and Host documents share, and how they are written.
enum SettingsFields {
    static let names = ["timeServers", "authorizedKeys", "bridges", "files", "sysctls", "networks", "storagePools", "kernelArguments", "guestMemory"]

    static func read(_ fields: Fields) -> HostSettings {
        HostSettings(
            timeServers: fields["timeServers"]?.list(of: "addresses or names", uniqueBy: \.self) {
                $0.parsed("an address or a host name", Rules.serverName)
            } ?? [],
            authorizedKeys: fields["authorizedKeys"]?.list(of: "SSH public keys", uniqueBy: \.name, authorizedKey) ?? [],
            bridges: bridges(fields["bridges"]),
            files: fields["files"]?.list(of: "files", uniqueBy: \.path, file) ?? [],
            sysctls: sysctls(fields["sysctls"]),
            networks: fields["networks"]?.list(of: "networks", uniqueBy: \.name, network) ?? [],
            storagePools: fields["storagePools"]?.list(of: "storage pools", uniqueBy: \.name, storagePool) ?? [],
            kernelArguments: kernelArguments(fields["kernelArguments"]),
            guestMemoryMiB: guestMemory(fields["guestMemory"]))
    }

    static func kernelArguments(_ cursor: Cursor?) -> [String] {
        cursor?.list(of: "kernel arguments", uniqueBy: \.self) {
            $0.parsed(
                "one kernel argument without spaces, quotes or $",
                hint: "one list item for each argument; bennu.* is reserved, but for bennu.patience=SECONDS (10 to 86400) and bennu.console=login",
                Rules.kernelArgument)
        } ?? []
    }

    /// What the kernel can set aside is counted in sections of 128 MiB.
    private static func guestMemory(_ cursor: Cursor?) -> Int? {
        cursor?.parsed("a size of at least 256MiB in steps of 128MiB, like 2GiB") { text in
            Quantities.mebibytes(text).flatMap { $0 >= 256 && $0 % 128 == 0 ? $0 : nil }
        }
    }

    /// One line of OpenSSH's public key format (sshd(8), AUTHORIZED_KEYS FILE FORMAT) without options.
    private static func authorizedKey(_ cursor: Cursor) -> AuthorizedKey? {
        cursor.parsed("an SSH public key like ssh-ed25519 AAAA… name", hint: "options before the key are not taken") { text in
            let line = text.split(separator: "\n", omittingEmptySubsequences: true)
            guard line.count == 1, let parts = line.first?.split(separator: " "), parts.count >= 2,
                text.utf8.allSatisfy({ $0 >= 0x20 || $0 == 0x0a })
            else { return nil }
            let isKnown = ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-"].contains { parts[0].hasPrefix($0) }
            guard isKnown, parts[1].hasPrefix("AAAA"), let (_, bytes) = Base64.check(String(parts[1])), bytes >= 32 else { return nil }
            return AuthorizedKey(parts.joined(separator: " "))
        }
    }

    private static func file(_ cursor: Cursor) -> File? {
        guard let fields = cursor.fields(["path", "content", "mode"]) else { return nil }
        let path = fields.required("path", example: "/etc/motd")?.parsed("an absolute path without . or .. in it", Rules.absolutePath)
        let content = fields.required("content", example: "text")?.parsed("text of at most 1 MiB") { $0.utf8.count <= 1 << 20 ? $0 : nil }
        let mode = fields["mode"]?.parsed("permission bits in octal like \"0644\"", Quantities.permissions)
        guard let path, let content else { return nil }
        return File(path: path, content: content, mode: mode ?? 0o644)
    }

    /// A mapping from name to value; numbers are values too.
    private static func sysctls(_ cursor: Cursor?) -> [Sysctl] {
        (cursor?.entries(expecting: "a mapping of kernel parameters to values") ?? []).compactMap { name, value, key in
            if Rules.sysctlName(name) == nil {
                value.report(.invalidValue, "expected a kernel parameter like net.ipv4.ip_forward", at: key.position)
                return nil
            }
            let isLine = { (text: String) in text.utf8.count <= 4096 && text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x09 } }
            return value.parsed("a value on one line") { isLine($0) && !$0.isEmpty ? $0 : nil }.map { Sysctl(name: name, value: $0) }
        }
    }

    private static func network(_ cursor: Cursor) -> GuestNetwork? {
        guard let fields = cursor.fields(["name", "bridge", "xml"]) else { return nil }
        let name = fields.required("name", example: "lan")?.parsed("a name of letters, digits, '.', '_' and '-'", Rules.objectName)
        let bridge = fields["bridge"]?.parsed("the name of a bridge like br0", Rules.interfaceName)
        let xml = fields["xml"].flatMap { XMLText.read($0, root: "network", name: name) }
        oneOf("bridge", "xml", in: fields)
        return name.map { GuestNetwork(name: $0, bridge: bridge, xml: xml) }
    }

    private static func storagePool(_ cursor: Cursor) -> StoragePool? {
        guard let fields = cursor.fields(["name", "path", "xml"]) else { return nil }
        let name = fields.required("name", example: "images")?.parsed("a name of letters, digits, '.', '_' and '-'", Rules.objectName)
        let path = fields["path"]?.parsed("an absolute path without . or .. in it", Rules.absolutePath)
        let xml = fields["xml"].flatMap { XMLText.read($0, root: "pool", name: name) }
        oneOf("path", "xml", in: fields)
        return name.map { StoragePool(name: $0, path: path, xml: xml) }
    }

    /// Reports when neither or both are there.
    static func oneOf(_ first: String, _ second: String, in fields: Fields) {
        fields.exclude(first, second, because: "each says it all")
        if fields[first] == nil, fields[second] == nil {
            fields.owner.report(.missingField, "one of \(first) and \(second) is required")
        }
    }
}
