import FoundationEssentials
import Glibc
import Subprocess

/// Runs the programs that do the work, each in the same environment whoever calls and wherever:
/// the caller's locale, time zone, umask and habits must not reach an image.
struct Toolbox: Sendable {
    /// Directory for the log of everything that programs print.
    let log: String
    let temporaryDirectory: String
    /// Seconds since 1970, for programs that stamp what they write.
    var sourceDateEpoch: Int64 = 0
    var aptConfiguration: String?
    /// Words before every program, such as `nice`.
    var launcher: [String] = []

    /// Debian package of each program that a build needs.
    static let required = [
        ("mmdebstrap", "mmdebstrap"), ("mksquashfs", "squashfs-tools"), ("zstd", "zstd"), ("xz", "xz-utils"),
        ("dpkg-deb", "dpkg"), ("apt-get", "apt"), ("apt-cache", "apt"),
    ]

    static let searchPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]

    static func checkTools() throws(ImageBuildError) {
        for (program, package) in required where find(program) == nil {
            throw .missingTool(program: program, package: package)
        }
    }

    static func find(_ program: String) -> String? {
        if program.hasPrefix("/") { return access(program, X_OK) == 0 ? program : nil }
        return searchPath.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }

    /// What the program printed. Standard error goes to the log.
    @discardableResult
    func run(_ program: String, _ arguments: [String], in directory: String? = nil) async throws(ImageBuildError) -> String {
        guard let path = Self.find(program) else { throw .missingTool(program: program, package: program) }
        // sh sets the umask, which a child would inherit from the caller, and sends errors to the log.
        let script = "umask 022; log=$1; dir=$2; shift 2; cd \"$dir\" || exit 125; echo \"+ $*\" >> \"$log\"; exec \"$@\" 2>> \"$log\""
        do {
            let result = try await Subprocess.run(
                .name("sh"),
                arguments: Arguments(["-c", script, "sh", log, directory ?? temporaryDirectory] + launcher + [path] + arguments),
                environment: .custom(environment),
                output: .string(limit: 256 << 20), error: .discarded)
            guard result.terminationStatus.isSuccess else {
                throw ImageBuildError.commandFailed(program: program, status: "\(result.terminationStatus)", lastLines: lastLines())
            }
            return result.standardOutput
        } catch let error as ImageBuildError {
            throw error
        } catch {
            throw .commandFailed(program: program, status: "\(error)", lastLines: lastLines())
        }
    }

    private var environment: [Environment.Key: String] {
        var values: [Environment.Key: String] = [
            "PATH": Self.searchPath.joined(separator: ":"), "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": temporaryDirectory,
            "TMPDIR": temporaryDirectory, "DEBIAN_FRONTEND": "noninteractive", "SOURCE_DATE_EPOCH": "\(sourceDateEpoch)",
        ]
        if let aptConfiguration { values["APT_CONFIG"] = aptConfiguration }
        // The way to the archive is the only thing of the caller's that a build needs.
        for name in ["http_proxy", "https_proxy", "no_proxy"] {
            if let value = getenv(name) { values[Environment.Key(stringLiteral: name)] = String(cString: value) }
        }
        return values
    }

    private func lastLines() -> String {
        guard let data = FileManager.default.contents(atPath: log) else { return "" }
        let lines = String(decoding: data.suffix(8192), as: UTF8.self).split(separator: "\n")
        return lines.suffix(15).joined(separator: "\n")
    }
}
