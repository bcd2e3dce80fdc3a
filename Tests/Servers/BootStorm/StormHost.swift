import DHCPWire
import Foundation
import HostContract
import NIOCore
import NIOHTTP1
import Primitives

/// One simulated host, from power-on to operational. Firmware fetches the loader, by HTTP or as a BIOS ROM by TFTP; everything else is as iPXE, our
/// initrd and the agent do it, with real packets and requests.
struct StormHost: Sendable {
    let number: Int
    let server: String
    let relay: Relay
    let web: Web
    /// Where it fetches its loader by TFTP; `nil` for HTTP.
    var loaderServer: IPv4Address?

    /// What it took, by step, in seconds.
    struct Log: Sendable {
        var steps: [(name: String, seconds: Double)] = []
        var retries = 0
        var bytes = 0
        /// Seconds that it slept because the server told it to, and how often.
        var queued = 0.0
        var pauses = 0
        /// From power-on.
        var operational = 0.0
    }

    var hardwareAddress: HardwareAddress { HardwareAddress(value: 0x5254_0000_0000 + UInt64(number)) }

    func boot() async throws -> Log {
        var log = Log()
        let began = ContinuousClock.now
        var last = began
        func step(_ name: String) {
            let now = ContinuousClock.now
            log.steps.append((name, (now - last) / .seconds(1)))
            last = now
        }
        var address = try await lease(isFirmware: true, &log)
        step("DHCP, firmware")
        try await fetchLoader(from: address, &log)
        step(loaderServer == nil ? "loader, HTTP" : "loader, TFTP")
        let script = try await self.script(from: address, &log)
        step("script")
        _ = try await fetch(script.kernel, from: address, &log)
        step("kernel")
        for initrd in script.initrds { _ = try await fetch(initrd, from: address, &log) }
        step("initrds")
        address = try await lease(isFirmware: false, &log)
        step("DHCP, initrd")
        let claim = BootClaim(
            boot: script.boot, uuid: nil, macs: [hardwareAddress], nonce: String(repeating: "0", count: 24) + String(0x1000_0000 + number, radix: 16))
        let grant = try JSONDecoder().decode(
            ClaimGrant.self, from: try await post("\(script.configuration)/v1/claim", claim, from: address, bearer: nil, &log))
        step("claim")
        _ = try await fetch(script.root, from: address, &log)
        step("root")
        let boot = "\(script.configuration)/v1/boots/\(script.boot)"
        let envelope = try JSONDecoder().decode(
            SignedEnvelope.self, from: try await fetch("\(boot)/configuration", from: address, bearer: grant.credential, &log))
        let configuration = try JSONDecoder().decode(HostConfiguration.self, from: Data(base64Encoded: envelope.payload) ?? Data())
        step("configuration")
        let report = StatusReport(
            revision: configuration.revision, bootHash: configuration.bootHash, liveHash: configuration.liveHash, items: [], guests: [],
            operational: true, agentVersion: "storm", uptime: 30)
        _ = try await post("\(boot)/status", report, from: address, bearer: grant.credential, &log)
        step("status")
        log.operational = (ContinuousClock.now - began) / .seconds(1)
        return log
    }

    private func lease(isFirmware: Bool, _ log: inout Log) async throws -> IPv4Address {
        var message = DHCPMessage(operation: .request, transactionID: UInt32(number) << 2 | (isFirmware ? 0 : 2))
        message.hardwareAddress = hardwareAddress
        message.messageType = .discover
        message.parameterRequestList = [.subnetMask, .router, .domainNameServer, .hostName]
        if isFirmware {
            let kind = loaderServer == nil ? "HTTPClient:Arch:00016:UNDI:003001" : "PXEClient:Arch:00000:UNDI:002001"
            message.options.set(.vendorClassIdentifier, to: Array(kind.utf8))
            message.options.set(.clientArchitecture, to: [0, loaderServer == nil ? 16 : 0])
        }
        let offer = try await relay.exchange(message, retries: &log.retries)
        message.transactionID += 1
        message.messageType = .request
        message.requestedAddress = offer.yourAddress
        message.serverIdentifier = offer.serverIdentifier
        let acknowledgement = try await relay.exchange(message, retries: &log.retries)
        guard acknowledgement.messageType == .acknowledgement else { throw Trouble("host \(number) was refused its address") }
        if isFirmware, loaderServer != nil, acknowledgement.bootFileName != Self.loader {
            throw Trouble("host \(number) was told to load \(acknowledgement.bootFileName ?? "nothing")")
        }
        return acknowledgement.yourAddress
    }

    private static let loader = "undionly.kpxe"

    /// A transfer that fails is begun anew, as by a machine that starts over.
    private func fetchLoader(from address: IPv4Address, _ log: inout Log) async throws {
        guard let loaderServer else {
            _ = try await fetch("\(server)/boot-files/\(Self.loader)", from: address, &log)
            return
        }
        while log.retries < 1000 {
            do {
                let result = try await LoaderFetch.fetch(Self.loader, of: loaderServer, to: address, on: web.loop)
                (log.bytes, log.retries) = (log.bytes + result.bytes, log.retries + result.repeats)
                return
            } catch is LoaderFetch.Failure {
                log.retries += 1
                try await Task.sleep(for: .seconds(4))
            }
        }
        throw Trouble("host \(number) never got its loader")
    }

    struct Trouble: Error, CustomStringConvertible {
        var description: String
        init(_ description: String) { self.description = description }
    }

    /// The body of a successful answer; anything else is tried again, as all stages of a boot do.
    private func fetch(_ url: String, from address: IPv4Address, bearer: String? = nil, _ log: inout Log) async throws -> Data {
        try await send(.GET, url, from: address, bearer: bearer, body: nil, &log)
    }

    private func post(
        _ url: String, _ body: some Encodable, from address: IPv4Address, bearer: String?, _ log: inout Log
    ) async throws -> Data {
        try await send(.POST, url, from: address, bearer: bearer, body: Array(try JSONEncoder().encode(body)), &log)
    }

    private func send(
        _ method: HTTPMethod, _ url: String, from address: IPv4Address, bearer: String?, body: [UInt8]?, _ log: inout Log
    ) async throws -> Data {
        var delay = 1
        while true {
            let answer = try? await web.request(method, url, from: address, bearer: bearer, body: body)
            if let answer, (200..<300).contains(answer.status) {
                log.bytes += answer.length
                return Data(answer.body.readableBytesView)
            }
            if let answer, answer.status == 503, let seconds = answer.retryAfter {
                try await pause(Double(seconds), &log)
                continue
            }
            guard log.retries < 1000 else { throw Trouble("\(url): \(answer.map { "\($0.status)" } ?? "no answer")") }
            log.retries += 1
            try await Task.sleep(for: .seconds(delay))
            delay = min(delay * 2, 16)
        }
    }

    private struct Script {
        var kernel = ""
        var initrds: [String] = []
        var root = ""
        var boot = ""
        var configuration = ""
    }

    /// Asks until it is told what to load, with the pauses that the script asks for.
    private func script(from address: IPv4Address, _ log: inout Log) async throws -> Script {
        while true {
            let text = String(decoding: try await fetch("\(server)/boot.ipxe?mac=\(hardwareAddress)", from: address, &log), as: UTF8.self)
            var script = Script()
            var pause = 10
            for line in text.split(separator: "\n") {
                let words = line.split(separator: " ").map(String.init)
                if words.first == "kernel", words.count > 3 {
                    script.kernel = words[3]
                    func argument(_ name: String) -> String {
                        words.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) } ?? ""
                    }
                    (script.boot, script.configuration) = (argument("bennu.boot"), argument("bennu.server"))
                    script.root = "\(argument("bennu.blobs"))/blobs/sha256/\(argument("bennu.root").dropFirst(7))?boot=\(script.boot)"
                } else if words.first == "initrd", words.count > 3 {
                    script.initrds.append(words[3])
                } else if words.first == "sleep", words.count > 1 {
                    pause = Int(words[1]) ?? pause
                }
            }
            if !script.kernel.isEmpty { return script }
            try await self.pause(Double(pause), &log)
        }
    }

    private func pause(_ seconds: Double, _ log: inout Log) async throws {
        log.queued += seconds
        log.pauses += 1
        try await Task.sleep(for: .seconds(seconds))
    }
}
