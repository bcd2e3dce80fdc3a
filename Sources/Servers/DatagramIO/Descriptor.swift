import Glibc

/// A file descriptor that is closed when nothing refers to it any more.
package final class Descriptor: Sendable {
    package let number: Int32

    /// Takes ownership.
    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }
}
