import Fleet
import FleetFixtures
import FleetModel
import HashTreeCollections
import Primitives
import Testing

@Suite("What a host's network boot program is told")
struct DecideTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let documents: String
        let reason: BootDecision.WaitReason
        let says: String
    }

    static let rows = [
        Row(testDescription: "nobody accepted it", documents: SiteText.subnet, reason: .notAccepted, says: "bennu host accept 52:54:00:00:00:01"),
        Row(
            testDescription: "it has no image", documents: SiteText.host(1, "hostName: h1"), reason: .noImageAssigned,
            says: "bennu host set h1 --image"),
        Row(
            testDescription: "no image has the reference", documents: SiteText.host(1, "image: kvm:2"), reason: .imageMissing, says: "kvm:2"),
        Row(
            testDescription: "the image is not complete here", documents: SiteText.host(1, "image: kvm:gone"), reason: .imageIncomplete,
            says: "bennu image import"),
    ]

    @Test("it waits with the reason and what to do about it", arguments: rows)
    func waits(row: Row) throws {
        var site = StateFixture(row.documents)
        site.state.references[try #require(ImageReference("kvm:gone"))] = StateFixture.digest(9, 9)
        guard case .wait(let reason, let message) = site.decide(1) else { return #expect(Bool(false), "it may boot") }
        #expect(reason == row.reason)
        #expect(message.contains(row.says), "\(message)")
        #expect(site.record(1)?.boot?.phase == .loader)
    }

    @Test("every reason to wait is reached above")
    func allReasons() { #expect(Set(Self.rows.map(\.reason)) == Set(BootDecision.WaitReason.allCases)) }

    @Test("an address that no host can have waits, and makes no host")
    func noHost() {
        var site = StateFixture(SiteText.site())
        let sighting = Sighting(stage: .script, hardwareAddress: HardwareAddress(value: 0), uuid: nil)
        guard case .wait(.notAccepted, _) = site.state.decideBoot(of: sighting, now: 1, using: &site.generator).0 else {
            return #expect(Bool(false))
        }
    }

    @Test("an accepted host gets kernel, initrds with the seal last, root and arguments; its boot is in the kernel")
    func boots() throws {
        var site = StateFixture(SiteText.site())
        site.state.seal = PublishedBlob(digest: StateFixture.digest(8, 8), path: "/seal", size: 512, role: "seal")
        site.see(1, .firmware)
        guard case .boot(let plan) = site.decide(1) else { return #expect(Bool(false), "it waits") }
        #expect(plan.name == "h1" && plan.imageReference == "kvm:1" && plan.arguments == ["quiet"])
        #expect(plan.kernel == StateFixture.digest(1, 1) && plan.root == StateFixture.digest(1, 3))
        #expect(plan.initrds == [StateFixture.digest(1, 2), StateFixture.digest(8, 8)])
        let boot = try #require(site.record(1)?.boot)
        #expect(plan.boot == boot.id && boot.phase == .kernel && boot.image == plan.image)
    }

    @Test("a digest that an Image document pins goes before the tag")
    func pinned() throws {
        let pin = StateFixture.digest(2, 0)
        let image = "apiVersion: bennu/v1\nkind: Image\nmetadata: {name: kvm}\nspec: {reference: 'kvm:1', digest: '\(pin)'}\n"
        var site = StateFixture(SiteText.all(SiteText.host(1, "image: kvm:1"), image))
        guard case .wait(.imageIncomplete, _) = site.decide(1) else { return #expect(Bool(false), "the tag was taken") }
        site.addImage("kvm:2", byte: 2)
        guard case .boot(let plan) = site.decide(1) else { return #expect(Bool(false), "it waits") }
        #expect(plan.image == pin)
    }

    @Test("boot programs of the youngest image go out, and every blob by its digest")
    func published() {
        var site = StateFixture()
        site.addImage("kvm:1", byte: 1)
        site.addImage("kvm:2", byte: 2)
        for (byte, part) in [(1, 1), (1, 2), (1, 3), (2, 1)] as [(UInt8, UInt8)] {
            #expect(site.state.published[StateFixture.digest(byte, part)] != nil)
        }
        site.state.publish([])
        #expect(site.state.published.isEmpty)
    }
}
