import BootPolicy
import Fleet
import FleetModel
import Primitives

extension BootHTTPContext {
    /// Asks the fleet, renders the script, and puts into the timeline what the host was told.
    func script(for client: IPXEScript.Client, from servers: IPXEScript.Servers, at address: String, isRecorded: Bool) -> String {
        let sighting = Sighting(
            stage: .script, hardwareAddress: client.hardwareAddress, uuid: client.uuid, address: IPv4Address(address))
        switch directory.decideBoot(of: sighting) {
        case .boot(let plan):
            let load = IPXEScript.Load(
                boot: plan.boot, hostName: plan.name, imageReference: plan.imageReference, kernel: plan.kernel, initrds: plan.initrds,
                root: plan.root, arguments: plan.arguments)
            do throws(IPXEScript.Refusal) {
                let text = try IPXEScript.load(load, for: client, from: servers)
                if isRecorded { recordSent(plan, client, at: address) }
                return text
            } catch {
                directory.abandonDownload(by: plan.boot)
                let wait = Wait(reason: error.name, message: error.description, host: plan.host, boot: plan.boot)
                return script(of: wait, for: client, from: servers, at: address, isRecorded: isRecorded)
            }
        case .queue(let place, let seconds):
            // Its timeline says so once, when it ends.
            if isRecorded { counters.count(HTTPRefusal.queued.rawValue) }
            return IPXEScript.wait(
                reason: HTTPRefusal.queued.rawValue, message: "others download; \(place.text)", for: client, from: servers, pause: seconds)
        case .wait(let reason, let message):
            let host = directory.sight(sighting)
            let wait = Wait(reason: reason.rawValue, message: message, host: host.host, boot: host.boot)
            return script(of: wait, for: client, from: servers, at: address, isRecorded: isRecorded)
        }
    }

    private struct Wait {
        var reason: String
        var message: String
        var host: HostID?
        var boot: BootID?
    }

    private func recordSent(_ plan: BootPlan, _ client: IPXEScript.Client, at address: String) {
        _ = isNews(nil, for: client.hardwareAddress)
        counters.count("script-sent")
        record(
            .script, "script-sent", host: plan.host, boot: plan.boot, detail: "boots \(plan.imageReference)",
            attributes: ["image": plan.imageReference, "digest": plan.image.description, "address": address])
    }

    private func script(
        of wait: Wait, for client: IPXEScript.Client, from servers: IPXEScript.Servers, at address: String, isRecorded: Bool
    ) -> String {
        if isRecorded {
            counters.count(wait.reason)
            let told = "\(wait.boot?.description ?? "") \(wait.reason) \(wait.message)"
            if isNews(told, for: client.hardwareAddress) {
                record(.script, wait.reason, host: wait.host, boot: wait.boot, detail: wait.message, attributes: ["address": address])
            }
        }
        return IPXEScript.wait(reason: wait.reason, message: wait.message, for: client, from: servers)
    }
}
