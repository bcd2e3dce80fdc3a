/// The files of one host, in `<state directory>/<rack>/<host>`.
package struct VirtualHostFiles: Sendable {
    package let directory: String

    /// QEMU's machine protocol, a Unix socket.
    var monitor: String { "\(directory)/monitor" }
    /// The serial port, a Unix socket for one client at a time.
    package var console: String { "\(directory)/console" }
    /// All that the serial port ever printed.
    package var serialLog: String { "\(directory)/serial.log" }
    var pid: String { "\(directory)/pid" }
    /// The UEFI variables, kept while the rack is up as a mainboard keeps them.
    var variables: String { "\(directory)/variables.fd" }
    /// The control socket of its TPM.
    var tpm: String { "\(directory)/tpm" }
    /// What its TPM keeps when it is off.
    var tpmState: String { "\(directory)/tpm-state" }
    var disk: String { "\(directory)/disk" }
}
