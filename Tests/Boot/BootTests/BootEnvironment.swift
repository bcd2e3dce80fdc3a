import FoundationEssentials
import Glibc

/// What these tests need of the computer: root for network namespaces, and the boot image that `BENNU_IMAGE` names.
enum BootEnvironment {
    /// A directory in OCI layout.
    static let image = ProcessInfo.processInfo.environment["BENNU_IMAGE"] ?? ""
    static let canBoot = access("\(image)/index.json", R_OK) == 0 && geteuid() == 0 && access("/dev/net/tun", W_OK) == 0
    /// Boots that say little more and take minutes: `make test-rack`.
    static let wantsLongTests = canBoot && ProcessInfo.processInfo.environment["BENNU_LONG_TESTS"] != nil

    static let root = path(#filePath, up: 4)

    /// The program as it was built with these tests; the runner of tests stands beside it.
    static var program: String {
        get throws { "\(path(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"), up: 1))/bennu" }
    }

    static func path(_ path: String, up levels: Int) -> String {
        "/" + path.split(separator: "/").dropLast(levels).joined(separator: "/")
    }
}
