/// What came of a read request's options (RFC 2347): the values in force, and those to acknowledge.
package struct TFTPNegotiation: Hashable, Sendable {
    package private(set) var blockSize = 512
    package private(set) var windowSize = 1
    package private(set) var timeout: Duration
    /// In the order and spelling of the request. Never more than it asked for: EFI clients abort at an option they did not send.
    package private(set) var acknowledged: [TFTPOption] = []

    /// Options with values outside their RFC's range are passed over, as RFC 2347 section 3 wants, and the default holds.
    init(request: TFTPRequest, fileSize: Int, limits: TFTPReadTransfer.Limits) {
        timeout = limits.timeout
        var seen: Set<String> = []
        for option in request.options where seen.insert(option.name.lowercased()).inserted {
            guard let number = option.number, let answer = accept(option, number, fileSize, limits) else { continue }
            acknowledged.append(TFTPOption(option.name, String(answer)))
        }
    }

    private mutating func accept(_ option: TFTPOption, _ number: Int, _ fileSize: Int, _ limits: TFTPReadTransfer.Limits) -> Int? {
        switch option.name.lowercased() {
        case TFTPOption.blockSize:
            guard (8...65_464).contains(number) else { return nil }
            blockSize = min(number, max(8, limits.maximumBlockSize))
            return blockSize
        case TFTPOption.windowSize:
            guard (1...65_535).contains(number) else { return nil }
            windowSize = min(number, min(65_535, max(1, limits.maximumWindowSize)))
            return windowSize
        case TFTPOption.timeout:
            // The answer must equal the request (RFC 2349 section 2).
            guard (1...255).contains(number), number <= limits.maximumTimeoutSeconds else { return nil }
            timeout = .seconds(number)
            return number
        case TFTPOption.transferSize:
            return fileSize
        default:
            return nil
        }
    }
}
