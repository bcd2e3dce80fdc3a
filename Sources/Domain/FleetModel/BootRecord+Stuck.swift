extension BootRecord {
    /// True when the kernel of this boot has what it needs, and nobody has heard of it for `patience`: only its power switch helps.
    /// A soft boot has its guardian; what is still being fetched may yet come.
    /// - Parameters:
    ///   - hasRoot: false when the image's root is inside its initrd.
    ///   - serving: since when our servers run; what they could not hear proves nothing.
    ///   - heard: the last sign of life, of whatever kind; `nil` when there was none since our servers run.
    ///   - patience: milliseconds.
    package func isStuck(hasRoot: Bool, now: Int64, serving: Int64, heard: Int64?, patience: Int64) -> Bool {
        kind != .soft && phase < .agent && lastReport == nil && now - max(workedSince, serving, heard ?? 0) > patience
            && hasAllItNeeds(hasRoot: hasRoot)
    }

    /// True when nothing is fetched any more: what happens from here on is the doing of the image, or of the hardware.
    /// - Parameter hasRoot: false when the image's root is inside its initrd.
    func hasAllItNeeds(hasRoot: Bool) -> Bool {
        let steps = steps ?? []
        return switch phase {
        case _ where kind != .cold: true
        case .claimed: steps.contains(.rootVerified) || !hasRoot
        case .kernel: steps.contains(.loaded)
        default: false
        }
    }
}
