/// Numbers of processors as kernel and libvirt write them: `0-3,8`, and in libvirt's `^2` for one that is not meant.
package struct ProcessorList: Sendable, Hashable {
    package let processors: Set<Int>

    /// - Returns: `nil` for what is no such list, or names a processor above 8191 (the kernel's largest NR_CPUS on x86-64).
    package init?(_ text: some StringProtocol) {
        var processors: Set<Int> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let isExcluded = part.hasPrefix("^")
            let ends = part.dropFirst(isExcluded ? 1 : 0).split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0).map { Int($0) } }
            guard let first = ends.first.flatMap({ $0 }), let last = ends.last.flatMap({ $0 }), ends.count <= 2, first <= last, last < 8192 else {
                return nil
            }
            if isExcluded { processors.subtract(first...last) } else { processors.formUnion(first...last) }
        }
        self.processors = processors
    }
}
