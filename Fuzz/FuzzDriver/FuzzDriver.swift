import Glibc

/// What libFuzzer calls; each fuzz program's `main.swift` says in one closure what to do with an input.
///
/// The closure is written once, before libFuzzer starts, and read by the same thread.
private nonisolated(unsafe) var target: ([UInt8]) -> Void = { _ in }

private typealias TestOneInput = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argc: UnsafeMutablePointer<CInt>, _ argv: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: TestOneInput
) -> CInt

/// libFuzzer's own `main`, which is linked but never runs, refers to this name.
@_cdecl("LLVMFuzzerTestOneInput")
package func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    target(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

/// Runs libFuzzer with the program's own arguments: options, then corpus directories. A trap or a failed precondition is a finding.
package func fuzz(_ body: @escaping ([UInt8]) -> Void) -> Never {
    target = body
    var argc = CommandLine.argc
    var argv = CommandLine.unsafeArgv
    exit(runDriver(&argc, &argv) { testOneInput($0, $1) })
}
