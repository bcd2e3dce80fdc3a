import Foundation
import Testing

@testable import DatagramIO

@Suite struct PromptThreadTests {
    private static let kernelHasSlices = ProcessInfo.processInfo.isOperatingSystemAtLeast(
        OperatingSystemVersion(majorVersion: 6, minorVersion: 12, patchVersion: 0))

    @Test("A thread of its own has short slices, where the kernel has them for a thread", .timeLimit(.minutes(1)))
    func slices() async throws {
        let (slices, told) = AsyncStream<UInt64?>.makeStream()
        try PlainThread.start("prompt") {
            told.yield(PromptThread.begin())
            told.finish()
        }
        for await slice in slices { #expect(slice == (Self.kernelHasSlices ? PromptThread.slice : nil)) }
    }
}
