package import FleetModel
import HostContract
import Logging
import Primitives
import Synchronization

/// What the fleet has learned of hardware models.
extension Fleet {
    package func models() -> [ModelRecord] { snapshot.models.values.sorted { $0.model.description < $1.model.description } }

    /// Trusts a hardware model with kexec again; durable before the answer.
    /// - Parameter text: the model as `models` writes it, or a host of that model.
    package func trustKexec(on text: String) async throws -> ModelRecord {
        let view = snapshot
        let named = view.models.keys.first { $0.description == text }
        guard let model = named ?? view.host(named: text).map({ HardwareModel(of: $0.inventory) }) else {
            throw APIProblem(code: "unknown-model", message: "no hardware model or host is known as \"\(text)\"; see: bennu upgrade models")
        }
        guard var learned = view.models[model], learned.kexecFailure != nil else {
            throw APIProblem(code: "nothing-to-do", message: "nothing speaks against kexec on \(model); see: bennu upgrade models")
        }
        learned.kexecFailure = nil
        try await FleetKeys.write(learned, at: FleetKeys.model(model), in: store)
        state.withLock { $0.put(learned) }
        return learned
    }

    /// Writes what was learned since the last time. What cannot be written stays for the next.
    func saveModels() async {
        let unsaved = state.withLock { state in
            defer { state.unsavedModels = [] }
            return state.unsavedModels.compactMap { state.models[$0] }
        }
        for model in unsaved {
            do {
                try await FleetKeys.write(model, at: FleetKeys.model(model.model), in: store)
            } catch {
                logger.warning("cannot write what was learned of a hardware model", metadata: ["model": "\(model.model)", "error": "\(error)"])
                state.withLock { _ = $0.unsavedModels.insert(model.model) }
            }
        }
    }

    /// Ends orders of hosts that went silent on their way to another kernel.
    package func settleSilent() {
        let time = now()
        record(state.withLock { $0.settleSilent(now: time, since: startedAt) })
    }
}
