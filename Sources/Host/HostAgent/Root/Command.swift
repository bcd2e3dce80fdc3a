import Glibc
import Synchronization

/// One program with its arguments, run to its end without a shell. Its output is kept only to say why it failed.
package struct Command: Sendable, Hashable, CustomStringConvertible {
    /// Absolute, below the host's root.
    package var program: String
    package var arguments: [String]

    package init(_ program: String, _ arguments: [String]) { (self.program, self.arguments) = (program, arguments) }

    package var description: String { ([program] + arguments).joined(separator: " ") }

    /// - Parameter seconds: after which it is killed.
    /// - Throws: `.commandFailed` with the first line that it printed.
    package func run(in root: HostRoot, seconds: Int = 60) throws(HostFailure) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw HostRoot.failure(.commandFailed, "cannot make a pipe for \(self)", errno) }
        let (reading, writing) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(reading) }
        let spawned = Result { () throws(HostFailure) in try spawn(in: root, output: writing) }
        close(writing)
        let child = try spawned.get()
        let (output, timedOut) = Self.collect(reading, from: child, seconds: seconds)
        if timedOut {
            leaveBehind(child)
            throw HostFailure(.commandFailed, "\(self): not finished after \(seconds) s")
        }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard status == 0 else {
            let how = status & 0x7f == 0 ? "exit \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
            let line = output.split(separator: UInt8(ascii: "\n")).first.map { String(decoding: $0.prefix(300), as: UTF8.self) }
            throw HostFailure(.commandFailed, "\(self): \(how)\(line.map { ": \($0)" } ?? "")")
        }
    }

    /// Killed, and still there: a program that waits for a disk ends when that answers.
    private static let leftBehind = Mutex<[(child: pid_t, command: Command)]>([])

    private func leaveBehind(_ child: pid_t) {
        for _ in 0..<20 {
            if waitpid(child, nil, WNOHANG) != 0 { return }
            usleep(50_000)
        }
        Self.leftBehind.withLock { $0.append((child, self)) }
    }

    /// True while an earlier run of the same, which was not waited for any more, has not ended.
    var isLeftBehind: Bool {
        Self.leftBehind.withLock { children in
            children.removeAll { waitpid($0.child, nil, WNOHANG) != 0 }
            return children.contains { $0.command == self }
        }
    }

    private func spawn(in root: HostRoot, output: Int32) throws(HostFailure) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Our own signal mask and dispositions are not the program's.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var words: [UnsafeMutablePointer<CChar>?] = ([root.path(program)] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, root.path(program), &actions, &attributes, words, environ)
        guard code == 0 else { throw HostRoot.failure(.commandFailed, "cannot run \(program)", code) }
        return child
    }

    /// The first 4 KiB of output. Returns when the program has closed it, or kills the program when the time is over.
    private static func collect(_ descriptor: Int32, from child: pid_t, seconds: Int) -> (output: [UInt8], timedOut: Bool) {
        let clock = ContinuousClock()
        let end = clock.now + .seconds(seconds)
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let left = (end - clock.now).components.seconds
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = left < 0 ? 0 : poll(&entry, 1, Int32(clamping: (left + 1) * 1000))
            if ready == 0 {
                kill(child, SIGKILL)
                return (output, true)
            }
            if ready < 0 { continue }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return (output, false) }
            if count > 0, output.count < 4096 { output += buffer.prefix(count) }
        }
    }
}
