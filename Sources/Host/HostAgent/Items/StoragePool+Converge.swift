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
            exists: state != nil, isActive: state == true, hasDirectory: path.map { host.root.isDirectory($0) } ?? true,
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
        if let path, !observed.hasDirectory { plan.actions.append(.makeDirectory(path: path, mode: 0o711)) }
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
