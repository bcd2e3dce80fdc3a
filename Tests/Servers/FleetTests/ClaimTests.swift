import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import HostContract
import Primitives
import Testing

@Suite("Boot claims")
struct ClaimTests {
    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        var number = 1
        /// Spoils a good claim, or the state that judges it.
        let spoil: @Sendable (inout BootClaim, inout StateFixture) -> Void
    }

    static let refusals = [
        Refusal(testDescription: "an image of a time before contracts", code: "contract-too-old") { claim, _ in claim.contract = 0 },
        Refusal(testDescription: "no boot id", code: "malformed-claim") { claim, _ in claim.boot = "b-" },
        Refusal(testDescription: "a nonce of 31 digits", code: "malformed-claim") { claim, _ in claim.nonce.removeLast() },
        Refusal(testDescription: "a nonce that is not hexadecimal", code: "malformed-claim") { claim, _ in
            claim.nonce = String(repeating: "g", count: 32)
        },
        Refusal(testDescription: "no hardware address", code: "malformed-claim") { claim, _ in claim.macs = [] },
        Refusal(testDescription: "65 hardware addresses", code: "malformed-claim") { claim, _ in
            claim.macs = (0..<65).map { mac($0 + 1) }
        },
        Refusal(testDescription: "a host that nobody saw", code: "unknown-host") { claim, _ in
            (claim.boot, claim.macs) = ("b-aaaaaaaaaaaaaaaa", [mac(200)])
        },
        Refusal(testDescription: "another host's boot", code: "claim-mismatch") { claim, _ in claim.macs = [mac(2)] },
        Refusal(testDescription: "a host that is only discovered", code: "host-not-accepted", number: 3) { _, _ in },
        Refusal(testDescription: "claimed with another nonce", code: "claim-taken") { claim, site in
            guard case .success(let record) = site.state.judge(claim, now: site.now) else { return }
            site.state.put(record)
            claim.nonce = String(repeating: "b", count: 32)
        },
        Refusal(testDescription: "the host has begun another boot", code: "boot-superseded") { _, site in
            site.see(1, .firmware)
            site.see(1, .loader)
            site.see(1, .firmware)
        },
        Refusal(testDescription: "the next boot is claimed already", code: "boot-superseded") { claim, site in
            site.see(1, .firmware, after: 600_000)
            if case .success(let record) = site.state.judge(site.claim(1), now: site.now) { site.state.put(record) }
            _ = claim
        },
    ]

    @Test("each refusal has its name", arguments: refusals)
    func refuses(row: Refusal) throws {
        var site = StateFixture(SiteText.site())
        for number in 1...3 {
            site.see(number, .firmware)
            site.see(number, .loader)
            _ = site.decide(number)
        }
        var claim = site.claim(row.number)
        row.spoil(&claim, &site)
        guard case .failure(let problem) = site.state.judge(claim, now: site.now) else { return #expect(Bool(false), "granted") }
        #expect(problem.code == row.code)
        #expect(!problem.message.isEmpty)
    }

    @Test("a good claim moves the boot on, and the same claim again gets the same")
    func grants() throws {
        var site = StateFixture(SiteText.site())
        site.see(1, .firmware)
        _ = site.decide(1)
        let claim = site.claim(1)
        let record = try site.state.judge(claim, now: site.now).get()
        #expect(record.boot?.phase == .claimed && record.boot?.nonce == claim.nonce)
        site.state.put(record)
        #expect(try site.state.judge(claim, now: site.now + 5000).get() == record)
        // The agent has gone further meanwhile: a repeated claim does not set it back.
        _ = site.state.report(.test(revision: 1, operational: true), from: record.id, now: site.now)
        #expect(try site.state.judge(claim, now: site.now).get().boot?.phase == .operational)
    }

    @Test("a boot that a restart of the server forgot is granted, after the one before it")
    func forgotten() throws {
        var site = StateFixture(SiteText.site())
        let before = try site.boot(1)
        var claim = site.claim(1)
        claim.boot = "b-zzzzzzzzzzzzzzzz"
        claim.nonce = String(repeating: "c", count: 32)
        let record = try site.state.judge(claim, now: site.now + 1).get()
        #expect(record.boot?.id.description == claim.boot)
        #expect(record.boot?.predecessor == before.boot?.id)
    }

    @Test("a credential speaks for its host and boot, and only as long as that boot is the current one")
    func authorize() throws {
        var site = StateFixture(SiteText.site())
        let record = try site.boot(1)
        let boot = try #require(record.boot?.id)
        let credential = Credential(host: record.id, boot: boot)
        func code(_ credential: Credential, _ boot: BootID) -> String? {
            if case .failure(let problem) = site.state.authorize(credential, boot: boot) { problem.code } else { nil }
        }
        #expect(code(credential, boot) == nil)
        #expect(code(credential, BootID(unchecked: "aaaaaaaaaaaaaaaa")) == "other-boot")
        #expect(code(Credential(host: HostID(unchecked: "aaaaaaaaaaaaaaaa"), boot: boot), boot) == "unknown-host")
        site.see(1, .firmware)
        #expect(code(credential, boot) == "boot-superseded")
    }
}

extension StatusReport {
    static func test(
        revision: UInt64, operational: Bool, items: [ItemStatus] = [], guests: [GuestStatus] = [], liveHash: String? = nil
    ) -> StatusReport {
        StatusReport(
            revision: revision, bootHash: nil, liveHash: liveHash, items: items, guests: guests, operational: operational,
            agentVersion: "test", uptime: 12.5)
    }
}
