package import ImageStore

/// Why an image was not built.
package enum ImageBuildError: Error, Sendable, CustomStringConvertible {
    case missingTool(program: String, package: String)
    case noMirror
    case commandFailed(program: String, status: String, lastLines: String)
    case file(FileProblem)
    case unresolvable(packages: [String], reason: String)
    case lockUnreadable(path: String, reason: String)
    case lockMismatch(path: String, reason: String)
    case packageUnavailable(name: String, version: String, reason: String)
    case kernelPackageMalformed(package: String, reason: String)
    case firmwareMissing([MissingFirmware])
    case overlayHoldsSecret(path: String, kind: String)
    case overlayUnreadable(path: String, reason: String)
    case rootHoldsSecret(path: String)
    case invalidOption(name: String, value: String, reason: String)
    case layoutUnreadable(path: String, reason: String)

    /// A kept kernel module that names a file which is neither in a firmware package nor left out on purpose.
    package struct MissingFirmware: Hashable, Sendable {
        package let module: String
        package let file: String

        package init(module: String, file: String) {
            self.module = module
            self.file = file
        }
    }

    package var description: String {
        switch self {
        case .missingTool(let program, let package):
            "cannot build an image: \(program) is not installed; apt-get install \(package)"
        case .noMirror:
            "cannot build an image: this machine's apt configuration names no Debian archive; give one with --mirror"
        case .commandFailed(let program, let status, let lastLines):
            "\(program) ended with \(status); its last lines:\n\(lastLines)"
        case .file(let problem):
            problem.description
        case .unresolvable(let packages, let reason):
            "apt cannot install \(packages.joined(separator: " ")): \(reason)"
        case .lockUnreadable(let path, let reason):
            "cannot read the lock \(path): \(reason)"
        case .lockMismatch(let path, let reason):
            "the lock \(path) is not for this build: \(reason); build without it to make a new one"
        case .packageUnavailable(let name, let version, let reason):
            "cannot fetch \(name) \(version): \(reason); an archive drops old versions: give a snapshot archive with --mirror, "
                + "or build without the lock"
        case .kernelPackageMalformed(let package, let reason):
            "cannot use the kernel package \(package): \(reason)"
        case .firmwareMissing(let missing):
            "kept kernel modules name firmware that is neither in a firmware package nor listed in firmware-left-out.txt:\n"
                + missing.map { "  \($0.module): \($0.file)" }.joined(separator: "\n")
        case .overlayHoldsSecret(let path, let kind):
            "the overlay's \(path) looks like \(kind): images hold no secret; deliver it as a setting of the host's configuration"
        case .overlayUnreadable(let path, let reason):
            "cannot use the overlay's \(path): \(reason)"
        case .rootHoldsSecret(let path):
            "the finished root holds \(path), which belongs to one host; this is a defect of the build or of an added package"
        case .invalidOption(let name, let value, let reason):
            "\(name) cannot be \"\(value)\": \(reason)"
        case .layoutUnreadable(let path, let reason):
            "cannot add an image to the layout \(path): \(reason)"
        }
    }
}
