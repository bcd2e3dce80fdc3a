import CLibvirt
import Synchronization

/// The one connection to libvirt, opened when it is first needed, and again when libvirtd went away.
/// Calls block: they belong on a thread that may wait.
package final class LibvirtConnection: Sendable {
    /// libvirt's connections may be used by several threads at once; each user holds a reference of its own.
    struct Handle: @unchecked Sendable { let pointer: OpaquePointer }  // virConnectPtr is counted and locked by libvirt itself

    /// `qemu:///system` on a host.
    package let uri: String
    private let current = Mutex<Handle?>(nil)
    private let knownPlatform = Mutex<GuestPlatform?>(nil)

    package init(uri: String) {
        self.uri = uri
        // Every failure is in our report; libvirt would print it to standard error besides.
        virSetErrorFunc(nil) { _, _ in }
    }

    deinit {
        if let handle = current.withLock({ $0 }) { virConnectClose(handle.pointer) }
    }

    /// Runs `body` with the connection. A call that failed because the connection had died is made once more on a new one.
    func with<Result>(_ body: (OpaquePointer) throws(LibvirtFailure) -> Result) throws(HostFailure) -> Result {
        do throws(LibvirtFailure) {
            do throws(LibvirtFailure) {
                return try use(body)
            } catch {
                guard discardIfDead() else { throw error }
                return try use(body)
            }
        } catch {
            throw HostFailure(.libvirt, error.message)
        }
    }

    private func use<Result>(_ body: (OpaquePointer) throws(LibvirtFailure) -> Result) throws(LibvirtFailure) -> Result {
        let handle = try acquire()
        defer { virConnectClose(handle.pointer) }
        return try body(handle.pointer)
    }

    /// A reference that the caller closes.
    private func acquire() throws(LibvirtFailure) -> Handle {
        if let handle = referenced() { return handle }
        guard let pointer = virConnectOpen(uri) else { throw LibvirtFailure.last("cannot connect to \(uri)") }
        let opened = Handle(pointer: pointer)
        // Another thread may have been faster: then this one is used once, and closed.
        current.withLock { (held: inout Handle?) in
            guard held == nil else { return }
            held = opened
            virConnectRef(opened.pointer)
        }
        return opened
    }

    private func referenced() -> Handle? {
        current.withLock { held in
            guard let held else { return nil }
            virConnectRef(held.pointer)
            return held
        }
    }

    /// True when the connection was dead and is gone now.
    private func discardIfDead() -> Bool {
        let dead = current.withLock { (held: inout Handle?) -> Handle? in
            guard let handle = held, virConnectIsAlive(handle.pointer) != 1 else { return nil }
            held = nil
            return handle
        }
        guard let dead else { return false }
        virConnectClose(dead.pointer)
        return true
    }

    /// What guests run on here; found out once.
    package func platform(root: HostRoot) throws(HostFailure) -> GuestPlatform {
        if let known = knownPlatform.withLock({ $0 }) { return known }
        let probed = try GuestPlatform.probe(self, root: root)
        knownPlatform.withLock { $0 = probed }
        return probed
    }
}
