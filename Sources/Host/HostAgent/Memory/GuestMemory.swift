package import HostContract
package import Primitives

/// Memory in which guests outlive the kernel that runs them.
///
/// Today a part of RAM that the kernel sets aside (`PersistentMemory`); kernels that hand memory over by themselves (KHO) can take its place.
package protocol GuestMemory: Sendable {
    /// Makes it usable. What guests of this kernel, or of the one before, have in it stays; what is older goes.
    /// - Returns: `nil` where this host has no such memory.
    func open() throws(HostFailure) -> GuestMemoryStatus?
    /// How much there is now; `nil` when it is not open.
    var status: GuestMemoryStatus? { get }
    /// The file that a guest's memory is to be, when it starts next: near the processors that it is bound to, else where it was, else where most is free.
    /// - Returns: `nil` where nothing has room for it.
    func room(_ bytes: UInt64, for guest: UniversalUniqueIdentifier, near processors: Set<Int>?) -> String?
    /// Gives a guest that does not run memory of its own, with nothing in it.
    /// - Parameter file: that there was room for.
    func reserve(_ bytes: UInt64, for guest: UniversalUniqueIdentifier, at file: String) throws(HostFailure)
    /// Succeeds when there was none.
    func release(_ guest: UniversalUniqueIdentifier) throws(HostFailure)
}
