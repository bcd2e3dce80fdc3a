package import Primitives

/// Options of network boot: PXE (RFC 4578), user classes (RFC 3004), the names to load (RFC 2132 section 9).
extension DHCPMessage {
    /// Option 93 (RFC 4578 section 2.1), in the client's order; empty when absent or of odd length.
    package var clientArchitectures: [ClientArchitecture] {
        get {
            guard let bytes = options[.clientArchitecture], bytes.count % 2 == 0 else { return [] }
            return stride(from: bytes.startIndex, to: bytes.endIndex, by: 2).map {
                ClientArchitecture(rawValue: UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]))
            }
        }
        set {
            let bytes = newValue.flatMap { BigEndianBytes($0.rawValue) }
            options[.clientArchitecture] = bytes.isEmpty ? nil : ArraySlice(bytes)
        }
    }

    /// Option 94 (RFC 4578 section 2.2).
    package var clientNetworkInterface: ClientNetworkInterface? {
        guard let bytes = options[.clientNetworkInterface].map(Array.init), bytes.count == 3 else { return nil }
        return ClientNetworkInterface(type: bytes[0], major: bytes[1], minor: bytes[2])
    }

    /// Option 97 (RFC 4578 section 2.3): type 0 and a UUID whose first three fields are little-endian.
    /// Repeat the option's own bytes in replies; firmware without a UUID sends zeros (`isUnset`), some sends no option.
    package var clientMachineIdentifier: UniversalUniqueIdentifier? {
        get {
            guard let bytes = options[.clientMachineIdentifier], bytes.count == 17, bytes.first == 0 else { return nil }
            return UniversalUniqueIdentifier(littleEndianFields: bytes.dropFirst())
        }
        set {
            options[.clientMachineIdentifier] = newValue.map { [0] + $0.littleEndianFields[...] }
        }
    }

    /// Option 77. RFC 3004 wants a list of counted strings; iPXE and most others send one bare string, so what does not
    /// divide exactly is that. Ill-formed UTF-8 is repaired.
    package var userClasses: [String] {
        guard let bytes = options[.userClass], !bytes.isEmpty else { return [] }
        var rest = bytes
        var classes: [String] = []
        while let length = rest.popFirst() {
            guard length > 0, rest.count >= Int(length) else { return [String(decoding: bytes, as: UTF8.self)] }
            classes.append(String(decoding: rest.prefix(Int(length)), as: UTF8.self))
            rest.removeFirst(Int(length))
        }
        return classes
    }

    /// Whether the class occurs anywhere in option 77: true for both encodings, however a client mixes them.
    package func hasUserClass(_ name: String) -> Bool {
        guard let bytes = options[.userClass] else { return false }
        let name = Array(name.utf8)
        guard !name.isEmpty, bytes.count >= name.count else { return false }
        return (bytes.startIndex...bytes.endIndex - name.count).contains { bytes[$0..<$0 + name.count].elementsEqual(name) }
    }

    /// Option 67 (section 9.5), else the header's `file` up to its first NUL. EDK2 and iPXE prefer the option as well.
    package var bootFileName: String? {
        if let name = options.text(.bootFileName), !name.isEmpty { return name }
        let name = bootFile.prefix { $0 != 0 }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    /// Option 66 (section 9.4), else the header's `sname` up to its first NUL.
    package var bootServerName: String? {
        if let name = options.text(.tftpServerName), !name.isEmpty { return name }
        let name = serverName.prefix { $0 != 0 }
        return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
    }

    /// Option 43 for a reply that says `PXEClient`: discovery control 8, just load the boot file (PXE 2.1 section 2.2.3). OVMF takes
    /// neither a `PXEClient` without option 43 (PXE-E16) nor needs either of them.
    package static let pxeBootFileOnly: [UInt8] = [6, 1, 8, 255]

    /// Says what to load in every place that some firmware reads: header and options, the latter NUL-terminated because some ROMs
    /// run on past their end otherwise. A name too long for its header field with a NUL goes into the option alone.
    package mutating func setBootFile(_ name: String, serverName server: String? = nil, nulTerminated: Bool = true) {
        let file = Array(name.utf8)
        bootFile = file.count < 128 ? file : []
        options.set(.bootFileName, to: name, nulTerminated: nulTerminated)
        let host = Array((server ?? "").utf8)
        serverName = host.count < 64 ? host : []
        options.set(.tftpServerName, to: server, nulTerminated: nulTerminated)
    }
}
