import CSockets

/// A thread that somebody on the network waits for, and that never computes for long.
package enum PromptThread {
    /// The least that the kernel takes. Nanoseconds.
    package static let slice: UInt64 = 100_000

    /// Gives the calling thread short slices, so that it runs as soon as something arrives: with the kernel's own, of about 3 ms, it waits
    /// until a thread that writes events or records has used its slice up. Kernels before 6.12 know nothing of it, and all stays as it was.
    ///
    /// Returns the slice that the thread has now, in nanoseconds; `nil` where the kernel has none for it.
    @discardableResult
    package static func begin() -> UInt64? {
        let slice = csockets_slice(Self.slice)
        return slice > 0 ? UInt64(slice) : nil
    }
}
