import Glibc

/// The TPM 2.0 of one host: a process that its QEMU speaks to, and that ends with it.
struct TrustedModule {
    static let program = "swtpm"
    let files: VirtualHostFiles

    /// Returns when it listens.
    func start() async throws(RackError) {
        try SmallFile.makeDirectory(files.tpmState)
        // One that ended with its host leaves its socket.
        unlink(files.tpm)
        try await Command.succeed([
            Self.program, "socket", "--tpm2", "--tpmstate", "dir=\(files.tpmState)", "--ctrl", "type=unixio,path=\(files.tpm)", "--flags",
            "not-need-init,startup-clear", "--terminate", "--daemon",
        ])
    }
}
