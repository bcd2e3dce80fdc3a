import HostContract

extension AgentSession {
    /// The boot id, and the hash of the restart-only settings that this boot began with.
    static let bootHashFile = "/run/bennu/agent/boot-hash"
    static let configurationFile = "/run/bennu/agent/configuration.json"

    private func verifier() async -> ConfigurationVerifier {
        ConfigurationVerifier(siteKey: handover.siteKey, host: await state.grant.host, boot: handover.boot, nonce: handover.nonce)
    }

    /// After a restart of the agent: what was in force is in force, whether the server is there or not. Its placements start nothing until it is.
    func resume() async {
        guard let kept = try? agent.root.read(Self.configurationFile),
            let configuration = try? await verifier().verify(kept, notBelow: 0)
        else { return }
        agent.log(.information, "resuming the configuration in force", ["revision": "\(configuration.revision)"])
        await adopt(configuration, isConfirmed: false)
    }

    /// Restart-only settings stay as they were when the host started, whatever the documents say by now: the first configuration of a boot says how.
    private func adopt(_ configuration: HostConfiguration, isConfirmed: Bool) async {
        let kept = agent.root.line(Self.bootHashFile)?.split(separator: " ") ?? []
        var hash = configuration.bootHash
        if kept.count == 2, kept[0] == handover.boot {
            hash = String(kept[1])
        } else {
            do { try agent.root.write(Self.bootHashFile, Array("\(handover.boot) \(hash)\n".utf8)) } catch {
                agent.log(.warning, "cannot keep the boot hash", ["reason": error.description])
            }
        }
        await state.adopt(configuration, bootHash: hash, isConfirmed: isConfirmed)
    }

    func followConfiguration() async throws {
        var pause = Pause(agent.pace.retry)
        // The first answer confirms the placements, so the server is not to hold it back.
        var wait = 0
        while true {
            let held = await state.configuration
            let inForce = held?.revision ?? 0
            let began = ContinuousClock.now
            do throws(ExchangeFailure) {
                let body = try await client.configuration(
                    after: inForce, order: state.knownOrder, live: held?.liveHash, wait: wait, credential: state.grant.credential)
                wait = agent.pace.wait
                if let body {
                    if await take(body, notBelow: inForce) { pause.reset() }
                } else {
                    await state.confirm()
                    pause.reset()
                }
                // A server that does not hold the question, or has the same answer each time, is not asked without end.
                let isNews = await state.configuration?.revision != inForce
                if !isNews, began.duration(to: .now) < .seconds(1) { try? await Task.sleep(for: pause.next()) }
            } catch {
                wait = 0
                try await complain("cannot ask for the configuration", error)
                try? await Task.sleep(for: pause.next())
            }
            try Task.checkCancellation()
        }
    }

    /// - Returns: false when the configuration was refused.
    private func take(_ body: [UInt8], notBelow revision: UInt64) async -> Bool {
        do throws(ConfigurationRefusal) {
            let configuration = try await verifier().verify(body, notBelow: revision)
            do { try agent.root.write(Self.configurationFile, body, mode: 0o600) } catch {
                agent.log(.warning, "cannot keep the configuration", ["reason": error.description])
            }
            agent.log(.notice, "configuration received", ["revision": "\(configuration.revision)"])
            await adopt(configuration, isConfirmed: true)
            return true
        } catch {
            let count = await state.refuse(error)
            agent.log(.warning, "configuration refused", ["refusal": error.rawValue, "count": "\(count)"])
            // Once for each doubling: who sends rubbish for ever shall not fill the timeline.
            if count & (count - 1) == 0 {
                await state.add(.init(name: "configuration-refused", detail: "\(error.rawValue), \(count) times"))
            }
            return false
        }
    }
}
