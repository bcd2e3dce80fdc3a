import Glibc
import Primitives

@testable import VirtualRack

/// Names that no other test, and no rack of this computer's owner, uses.
enum TestPlace {
    static func path() -> String { "/tmp/bennu-test-\(token())" }

    /// A small rack that is off, with everything in a directory of its own.
    static func plan() -> RackPlan {
        var plan = RackPlan()
        plan.name = RackName("t\(token())") ?? .standard
        plan.stateDirectory = path()
        plan.memoryMebibytes = 128
        plan.processors = 1
        plan.powersOn = false
        plan.accelerator = .tcg
        return plan
    }

    /// What a rack needs of its computer that no package can give.
    static var canMakeRacks: Bool { geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0 }

    private static func token() -> String {
        var generator = SystemRandomNumberGenerator()
        return RandomToken.make(count: 10, using: &generator)
    }
}
