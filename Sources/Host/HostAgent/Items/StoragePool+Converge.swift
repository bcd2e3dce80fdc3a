import GuestXML
package import HostContract

extension StoragePool: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        package var exists: Bool
        package var isActive: Bool
        package var hasDirectory: Bool
        package var made: MadeItem?
        package init(exists: Bool, isActive: Bool, hasDirectory: Bool = true, made: MadeItem? = nil) {
            (self.exists, self.isActive, self.hasDirectory, self.made) = (exists, isActive, hasDirectory, made)
        }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        let state = try host.libvirt.poolIsActive(name)
        return Observed(
            exists: state != nil, isActive: state == true,  // One that is active has it; and a server that is away would be waited for.
            hasDirectory: state == true && xml != nil || directory.map { host.root.isDirectory($0) } ?? true,
            made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        let definition = try definition()
        if observed.exists, observed.made == nil {
            throw HostFailure(.foreign, "a storage pool \(name) exists that this agent did not make")
        }
        let isDefined = observed.exists && observed.made?.fingerprint == Fingerprint.of(definition)
        if isDefined, observed.isActive, observed.hasDirectory { return ItemPlan() }
        var plan = ItemPlan()
        if let directory, !observed.hasDirectory { plan.actions.append(.makeDirectory(path: directory, mode: 0o711)) }
        if !isDefined {
            plan.actions.append(.remember(key, MadeItem(fingerprint: Fingerprint.of(definition))))
            if observed.isActive { plan.actions.append(.stopPool(name: name)) }
            plan.actions.append(.definePool(name: name, xml: definition))
        }
        if !isDefined || !observed.isActive { plan.actions.append(.startPool(name: name)) }
        return plan
    }

    /// What is in the pool stays.
    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        var plan = ItemPlan(note: "removed; what is in it stays")
        if let active = try host.libvirt.poolIsActive(name) {
            if active { plan.actions.append(.stopPool(name: name)) }
            plan.actions.append(.undefinePool(name: name))
        }
        plan.actions.append(.forget(ItemKey(kind: kind, name: name)))
        return plan
    }

    /// Of a pool that is a directory, or a file system that libvirt mounts.
    private var directory: String? { path ?? xml.flatMap { Self.target(of: $0) } }

    private static func target(of definition: String) -> String? {
        guard let document = VerbatimXML(definition), let kind = document.tags.first.flatMap({ VerbatimXML.attribute("type", of: $0.text) }),
            ["dir", "fs", "netfs"].contains(kind), let target = document.elements.first(where: { $0.name == "target" })?.text,
            let path = VerbatimXML(target)?.text(of: "path").map({ VerbatimXML.unescape($0) }), path.hasPrefix("/"),
            !path.split(separator: "/").contains("..")
        else { return nil }
        return path
    }

    /// A pool that libvirt mounts, that has not been mounted, and that one of these files lies in: what is seen there is not it.
    static func absent(for files: [String], _ host: HostView) throws(HostFailure) -> String? {
        for pool in host.pools {
            guard pool.path == nil, let directory = pool.directory, files.contains(where: { $0.hasPrefix(directory + "/") }) else { continue }
            if try host.libvirt.poolIsActive(pool.name) != true { return pool.name }
        }
        return nil
    }

    /// By libvirt's own note about a pool that is defined.
    static func target(of pool: String, in root: HostRoot) -> String? {
        (try? root.read("/etc/libvirt/storage/\(pool).xml")).flatMap { $0 }.flatMap { target(of: String(decoding: $0, as: UTF8.self)) }
    }

    private func definition() throws(HostFailure) -> String {
        if let xml {
            guard VerbatimXML(xml)?.text(of: "name") == name else {
                throw HostFailure(.invalidItem, "the pool's XML does not name it \(name)")
            }
            return xml
        }
        guard let path, path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw HostFailure(.invalidItem, "storage pool \(name) has neither an absolute path nor XML")
        }
        return "<pool type='dir'><name>\(VerbatimXML.escape(name))</name><target><path>\(VerbatimXML.escape(path))</path></target></pool>"
    }
}
