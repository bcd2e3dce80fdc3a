import GuestXML
package import HostContract

extension GuestNetwork: ConvergingItem {
    package struct Observed: Sendable, Hashable {
        package var exists: Bool
        package var isActive: Bool
        package var made: MadeItem?
        package init(exists: Bool, isActive: Bool, made: MadeItem? = nil) {
            (self.exists, self.isActive, self.made) = (exists, isActive, made)
        }
    }

    package func observe(_ host: HostView) throws(HostFailure) -> Observed {
        let state = try host.libvirt.networkIsActive(name)
        return Observed(exists: state != nil, isActive: state == true, made: host.memory[key])
    }

    package func plan(_ observed: Observed) throws(HostFailure) -> ItemPlan {
        let definition = try definition()
        if observed.exists, observed.made == nil { throw HostFailure(.foreign, "a network \(name) exists that this agent did not make") }
        let isDefined = observed.exists && observed.made?.fingerprint == Fingerprint.of(definition)
        if isDefined, observed.isActive { return ItemPlan() }
        var plan = ItemPlan()
        // One that only names a bridge can be restarted under its guests. Any other has a bridge of its own, which they would lose.
        let restarts = !isDefined && observed.isActive && xml == nil
        if !isDefined {
            plan.actions.append(.remember(key, MadeItem(fingerprint: Fingerprint.of(definition))))
            if restarts { plan.actions.append(.stopNetwork(name: name)) }
            plan.actions.append(.defineNetwork(name: name, xml: definition))
            if observed.isActive, !restarts { plan.note = "in force after the network restarts" }
        }
        if restarts || !observed.isActive { plan.actions.append(.startNetwork(name: name)) }
        return plan
    }

    package static func removal(of name: String, made: MadeItem, host: HostView) throws(HostFailure) -> ItemPlan {
        var plan = ItemPlan(note: "removed")
        if let active = try host.libvirt.networkIsActive(name) {
            if active { plan.actions.append(.stopNetwork(name: name)) }
            plan.actions.append(.undefineNetwork(name: name))
        }
        plan.actions.append(.forget(ItemKey(kind: kind, name: name)))
        return plan
    }

    private func definition() throws(HostFailure) -> String {
        if let xml {
            guard VerbatimXML(xml)?.text(of: "name") == name else {
                throw HostFailure(.invalidItem, "the network's XML does not name it \(name)")
            }
            return xml
        }
        guard let bridge, !bridge.isEmpty else { throw HostFailure(.invalidItem, "network \(name) has neither a bridge nor XML") }
        return
            "<network><name>\(VerbatimXML.escape(name))</name><forward mode='bridge'/><bridge name='\(VerbatimXML.escape(bridge))'/></network>"
    }
}
