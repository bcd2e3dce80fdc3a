import Glibc
import Synchronization

/// `bennu serve`, or another program, as a child process that writes to a log.
///
/// Not Foundation's Process: one thread of it waits for all children, and takes a child that closes what it inherited, as dnsmasq does, for one
/// that is ending. It waits for that one then, while nobody hears of the others.
final class ServerProcess: Sendable {
    /// `nil` once its end was taken note of.
    private let child: Mutex<pid_t?>

    /// `command` by its name or path; its output is added to the file `log`.
    init(_ command: [String], log: String) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Libraries of ours ignore SIGPIPE, and block signals in their threads.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var number: pid_t = 0
        let code = posix_spawnp(&number, command[0], &actions, &attributes, &arguments, environ)
        guard code == 0 else { throw Unmet("\(command[0]) cannot be started: \(String(cString: strerror(code)))") }
        child = Mutex(number)
    }

    var isRunning: Bool {
        child.withLock { child in
            if let number = child, waitpid(number, nil, WNOHANG) != 0 { child = nil }
            return child != nil
        }
    }

    /// - Returns: true when it ended by itself, and said that all was well.
    @discardableResult
    func waitForEnd() -> Bool {
        child.withLock { child in
            guard let number = child else { return false }
            var status: Int32 = 0
            while waitpid(number, &status, 0) < 0, errno == EINTR {}
            child = nil
            return status == 0
        }
    }

    /// `ip netns exec` becomes the program, so the child is the program.
    func signal(_ number: Int32) { child.withLock { child in if let process = child { _ = Glibc.kill(process, number) } } }

    /// SIGKILL; returns when the process is gone.
    func kill() {
        guard isRunning else { return }
        signal(SIGKILL)
        waitForEnd()
    }
}
