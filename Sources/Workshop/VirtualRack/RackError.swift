/// Why something about a rack was refused or failed; the description is what the operator reads.
package enum RackError: Error, Equatable, Sendable {
    case badPlan([String])
    case missing([MissingPart])
    case noRack(RackName, stateDirectory: String)
    case alreadyUp(RackName)
    /// Its making was interrupted, or its network is gone because the computer restarted.
    case incomplete(RackName)
    /// A rack of this name is described under another state directory.
    case elsewhere(RackName, stateDirectory: String)
    /// Another process has been changing the rack for too long.
    case busy(RackName)
    case unknownHost(String, RackName, hosts: [String])
    case poweredOff(String)
    case unreadableRecord(path: String, reason: String)
    /// A file operation failed; `code` is its errno.
    case file(path: String, operation: String, code: Int32)
    /// Linux takes at most 107 bytes in a Unix socket's path.
    case socketPathTooLong(String)
    case command([String], output: String)
    case timeout([String], seconds: Int64)
    case hypervisor(host: String, output: String)
    case monitor(path: String, reason: String)
    case processRemains(pid: Int32)
}

extension RackError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .badPlan(let problems): "cannot make this rack: \(problems.joined(separator: "; "))"
        case .missing(let parts):
            "cannot make a rack here; missing:\n" + parts.map { "  \($0.what): \($0.remedy)" }.joined(separator: "\n")
        case .noRack(let name, let directory):
            "there is no rack \"\(name)\" in \(directory); see bennu rack list, or make one with bennu rack up --name \(name)"
        case .alreadyUp(let name):
            "the rack \"\(name)\" is up already; see bennu rack list, or remove it with bennu rack down --name \(name)"
        case .incomplete(let name):
            "the rack \"\(name)\" is only half there, after an interruption or a restart; make it anew: bennu rack up --name \(name)"
        case .elsewhere(let name, let directory):
            "a rack \"\(name)\" is up already and its state is in \(directory); use --state \(directory), or another --name"
        case .busy(let name): "another command has been changing the rack \"\(name)\" for a minute; try again when it is done"
        case .unknownHost(let host, let name, let hosts):
            "there is no host \"\(host)\" in the rack \"\(name)\"; its hosts are \(hosts.joined(separator: ", "))"
        case .poweredOff(let host): "\(host) is powered off; power it on first: bennu rack power \(host) on"
        case .unreadableRecord(let path, let reason):
            "cannot read \(path): \(reason); bennu rack down removes the rack nevertheless"
        case .file(let path, let operation, let code): "cannot \(operation) \(path): \(SmallFile.message(code))"
        case .socketPathTooLong(let path):
            "the path \(path) is too long for a Unix socket (107 bytes); choose a shorter --state directory"
        case .command(let arguments, let output): "\(arguments.joined(separator: " ")) failed: \(output)"
        case .timeout(let arguments, let seconds): "\(arguments.joined(separator: " ")) was not done after \(seconds) s and was stopped"
        case .hypervisor(let host, let output): "QEMU did not start for \(host): \(output)"
        case .monitor(let path, let reason): "QEMU's monitor at \(path) \(reason)"
        case .processRemains(let pid): "the process \(pid) does not end; it is probably stuck in the kernel"
        }
    }
}

/// Something that this computer lacks for a rack.
package struct MissingPart: Hashable, Sendable {
    package let what: String
    /// What to do about it, the Debian package to install if there is one.
    package let remedy: String
}
