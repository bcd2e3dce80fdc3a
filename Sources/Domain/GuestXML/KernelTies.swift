/// What in a domain's XML ties its guest to the kernel that runs, or to the programs of its system. Elements are looked at by name: libvirt's own parser judges the rest.
package struct KernelTies: Sendable, Hashable {
    /// Why it can be neither kept in place nor saved while the kernel changes; `nil` when it can. A predicate: "has a TPM".
    package var fixture: String?
    /// Why its memory cannot be a file that we name, which stays in place; `nil` when it can.
    package var memory: String?
    /// Why it needs a program that libvirt did not start for it, and that ends with its system; `nil` where it needs none. libvirt's own helpers
    /// (swtpm, virtiofsd, passt) live in the guest's control group, and go on with it.
    package var program: String?

    package init(_ document: VerbatimXML) {
        let tags = document.tags
        let names = Set(tags.map(\.name))
        /// One of these elements with an attribute of that value.
        func has(_ elements: Set<String>, _ value: String) -> Bool {
            tags.contains { elements.contains($0.name) && ($0.text.contains("'\(value)'") || $0.text.contains("\"\(value)\"")) }
        }
        let fixtures = [
            ("has a device of the host", names.contains("hostdev") || has(["interface"], "hostdev")),
            ("has a vhost-user interface", has(["interface"], "vhostuser")),
            ("has a vhost-user device", has(["disk", "driver"], "vhostuser")),
            ("shares a file system with the host", names.contains("filesystem")),
            ("has a TPM", names.contains("tpm")),
            ("has encrypted memory", names.contains("launchSecurity")),
        ]
        fixture = fixtures.first(where: \.1)?.0
        let programs = [
            ("has a vhost-user interface", has(["interface"], "vhostuser")),
            ("has a vhost-user disk", has(["disk"], "vhostuser")),
            (
                "shares a file system by a program of the host's own",
                tags.contains { $0.name == "source" && VerbatimXML.attribute("socket", of: $0.text) != nil }
            ),
            ("has a TPM by a program of the host's own", has(["backend"], "external")),
            ("reserves disks by a program of the host's own", has(["reservations"], "no")),
        ]
        program = programs.first(where: \.1)?.0
        let memories = [
            ("asks for huge pages", names.contains("hugepages")),
            ("says how its memory is backed", names.contains("memoryBacking")),
            ("has NUMA nodes of its own", names.contains("numa")),
            ("binds its memory to NUMA nodes", names.contains("numatune")),
            ("has memory to plug in", names.contains("maxMemory")),
            ("names its memory to QEMU itself", tags.contains { $0.text.contains("memory-backend=") }),
        ]
        memory = memories.first(where: \.1)?.0
    }
}
