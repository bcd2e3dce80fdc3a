import Glibc
import HostContract

/// Starts a QEMU as libvirt had started it, with all that it was given open.
struct EmulatorStart {
    let root: HostRoot
    let launch: EmulatorLaunch
    let guest: String

    private static let account = "libvirt-qemu"
    /// POSIX_SPAWN_SETSID (spawn.h).
    private static let newSession: Int16 = 0x80

    /// - Returns: its process; it waits for its state.
    func run() throws(HostFailure) -> pid_t {
        guard let program = launch.arguments.first else { throw HostFailure(.missing, "nobody wrote down how guest \(guest) was started") }
        var opened: [(descriptor: Int32, number: Int32)] = []
        defer { for each in opened { close(each.descriptor) } }
        // Above every number that an argument names.
        let floor = max(100, (launch.descriptors.keys.max() ?? 0) + 1)
        for (number, kind) in launch.descriptors {
            guard (3..<4096).contains(number) else { throw HostFailure(.invalidItem, "guest \(guest) names descriptor \(number)") }
            let low = try open(kind)
            let high = fcntl(low, F_DUPFD_CLOEXEC, floor)
            close(low)
            guard high >= 0 else { throw HostRoot.failure(.unreadable, "cannot keep descriptor \(number) open", errno) }
            opened.append((high, number))
        }
        let log = root.path("\(Guest.logDirectory)/\(guest).log")
        let binding = launch.processors.map { ["/usr/bin/taskset", "--cpu-list", $0] } ?? []
        let arguments =
            ["--reuid=\(Self.account)", "--regid=\(Self.account)", "--init-groups", "--inh-caps=-all", "--"] + binding + [program]
            + launch.arguments.dropFirst()
        return try spawn("/usr/bin/setpriv", arguments, log: log, opened)
    }

    private func spawn(_ program: String, _ arguments: [String], log: String, _ opened: [(descriptor: Int32, number: Int32)]) throws(HostFailure)
        -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        for each in opened { posix_spawn_file_actions_adddup2(&actions, each.descriptor, each.number) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Self.newSession)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        var environment: [UnsafeMutablePointer<CChar>?] = launch.environment.map { strdup($0) } + [nil]
        defer { for word in words + environment { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, root.path(program), &actions, &attributes, &words, &environment)
        guard code == 0 else { throw HostRoot.failure(.commandFailed, "cannot run \(program)", code) }
        return child
    }

    private func open(_ kind: EmulatorLaunch.Descriptor) throws(HostFailure) -> Int32 {
        switch kind {
        case .socket(let path): return try listen(at: path)
        case .log(let path): return try open(path, O_WRONLY | O_CREAT | O_APPEND)
        case .vhostNet: return try open("/dev/vhost-net", O_RDWR)
        case .tap(let tap): return try TapDevice(root: root, tap: tap).make()
        }
    }

    private func open(_ path: String, _ flags: Int32) throws(HostFailure) -> Int32 {
        let descriptor = Glibc.open(root.path(path), flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw HostRoot.failure(.unwritable, "cannot open \(path)", errno) }
        return descriptor
    }

    /// The socket is there before QEMU is: who connects early waits.
    private func listen(at path: String) throws(HostFailure) -> Int32 {
        try root.makeDirectory(HostRoot.parent(of: path), mode: 0o750)
        try root.remove(path)
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw HostRoot.failure(.unwritable, "cannot make a socket", errno) }
        do throws(HostFailure) {
            try LocalSocketAddress(root.path(path)).use { address, length in bind(descriptor, address, length) }
            guard Glibc.listen(descriptor, 1) == 0 else { throw HostRoot.failure(.unwritable, "cannot listen at \(path)", errno) }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }
}
