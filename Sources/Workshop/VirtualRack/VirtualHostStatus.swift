/// One host as it is now.
package struct VirtualHostStatus: Sendable {
    package let rack: RackName
    package let host: VirtualHost
    package let files: VirtualHostFiles
    /// Its QEMU; `nil` when it is off.
    package let process: ProcessIdentity?
    package let accelerator: Accelerator
    /// As `Rack.cpuSeconds`.
    package let processorSeconds: Double?
}
