import HostContract

extension AgentSession {
    func carryOut(_ renewal: GuestRenewal) async {
        agent.log(.notice, "order received", ["order": renewal.id, "guest": renewal.guest])
        do throws(HostFailure) {
            let pause = try await renew(renewal.guest)
            await state.add(.init(name: "guest-renewed", detail: "\(renewal.guest) stood for \(pause) ms"))
            await state.finish(renewal, pause: pause, failure: nil)
        } catch {
            agent.log(.warning, "order given up", ["order": renewal.id, "reason": error.description])
            await state.finish(renewal, pause: nil, failure: error.description)
        }
    }

    /// A guest goes on under the QEMU of this system: it stands as for a change of the kernel, and goes on at once.
    /// - Returns: milliseconds that it stood.
    private func renew(_ name: String) async throws(HostFailure) -> Int {
        try await worker.admitDisks(of: name)
        let (root, libvirt, worker) = (agent.root, agent.libvirt, worker)
        let stand = GuestStand(root: root, libvirt: libvirt)
        do { try await worker.hold(true) } catch { throw HostFailure(.notEffective, "\(error)") }
        let outcome: Result<Int, HostFailure>
        do throws(HostFailure) {
            outcome = .success(
                try await worker.blocking { () throws(HostFailure) in
                    guard let domain = try libvirt.domain(name), domain.isActive else { throw HostFailure(.missing, "guest \(name) does not run") }
                    let guest = try stand.look(at: name, uuid: domain.uuid)
                    guard guest.isInPlace else { throw HostFailure(.notEffective, "the memory of guest \(name) would go with its process") }
                    // Should this agent end in between, the next one has the guest go on.
                    try StandingGuests(guests: [guest]).save(to: root)
                    defer { try? root.remove(StandingGuests.file) }
                    let standing: StandingGuests.Guest?
                    do throws(HostFailure) { standing = try stand.stop(guest) } catch {
                        // libvirtd may have ended when the guest was saved, and not have said so: it goes on, however far that came.
                        _ = try? stand.resumePatiently(guest)
                        throw error
                    }
                    guard let standing else { throw HostFailure(.missing, "guest \(name) ended meanwhile") }
                    return try stand.resumePatiently(standing)
                })
        } catch { outcome = .failure(error) }
        try? await worker.hold(false)
        return try outcome.get()
    }
}
