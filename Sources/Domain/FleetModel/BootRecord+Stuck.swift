extension BootRecord {
    /// True when the kernel of this boot has what it needs, and nobody has heard of it for `patience`: only its power switch helps.
    /// A soft boot has its guardian; what is still being fetched may yet come.
    /// - Parameters:
    ///   - hasRoot: false when the image's root is inside its initrd.
    ///   - serving: since when our servers run; what they could not hear proves nothing.
    ///   - patience: milliseconds.
    package func isStuck(hasRoot: Bool, now: Int64, serving: Int64, patience: Int64) -> Bool {
        guard phase < .agent, lastReport == nil, now - max(startedAt, serving) > patience else { return false }
        let steps = steps ?? []
        return switch (kind, phase) {
        case (.kexec, _): true
        case (.cold, .kernel): steps.contains(.loaded)
        case (.cold, .claimed): steps.contains(.rootVerified) || !hasRoot
        default: false
        }
    }
}
