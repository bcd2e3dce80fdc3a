/// What is mounted where, as the kernel lists it (proc(5), /proc/pid/mountinfo).
struct MountTable {
    struct Mount {
        /// Major and minor number, `8:1`.
        var device: String
        /// What of the file system is seen there; `/` for all of it.
        var part: String
        var target: String
        var kind: String
        /// Of the mount, then of the file system.
        var options: String
    }

    let mounts: [Mount]

    init(_ root: HostRoot) {
        let text = (try? root.read("/proc/self/mountinfo")).flatMap { $0 } ?? []
        mounts = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ").map(String.init)
            guard let end = fields.firstIndex(of: "-"), end >= 6, fields.count > end + 3 else { return nil }
            return Mount(device: fields[2], part: fields[3], target: fields[4], kind: fields[end + 1], options: "\(fields[5]),\(fields[end + 3])")
        }
    }

    /// The mount that a file is seen through.
    /// - Parameter path: without links.
    func mount(of path: String) -> Mount? {
        var found: Mount?
        for mount in mounts where mount.target == path || path.hasPrefix(mount.target == "/" ? "/" : "\(mount.target)/") {
            // The last of the longest is what one sees there.
            if mount.target.utf8.count >= found?.target.utf8.count ?? 0 { found = mount }
        }
        return found
    }
}
