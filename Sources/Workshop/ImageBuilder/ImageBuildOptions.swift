package import FleetModel

/// What an operator asks of an image build. Paths are absolute or relative to the working directory.
package struct ImageBuildOptions: Sendable {
    /// The reference `name:tag` that the layout's index gives the image. It is no part of the image's digest.
    package var name: String
    package var tag: String
    package var kernel: BootImageKernelFlavor
    /// Debian packages beyond the standard set, by name.
    package var packages: [String] = []
    /// Source packages that are taken from the suite's backports, such as `linux`.
    package var backports: [String] = []
    /// A directory whose files are copied over the root, owned by root, modes 0755 or 0644.
    package var overlay: String?
    /// The program `bennu-agent`; without it the image boots but nobody configures the host.
    package var agent: String?
    /// Where the OCI layout goes. An existing layout keeps its other images.
    package var output: String
    /// A lock of package versions to build from; without it the newest versions are taken.
    package var lock: String?
    /// Where to write the lock of this build.
    package var writeLock: String?
    /// Base URL of a Debian archive; by default what this machine's apt is configured with.
    package var mirror: String?
    /// Base URL of a Debian security archive; by default this machine's, and none when `mirror` is given.
    package var securityMirror: String?
    /// Packages that were fetched before, by digest.
    package var cache: String
    /// Directory for the work in progress: some 3 GB, on a file system without `nodev`.
    package var temporaryDirectory: String
    /// Words before every program that the build runs, such as `nice -n 10`.
    package var launcher: [String] = []
    /// Leaves the work in progress, with its log, for a look at what failed.
    package var keepsTemporaryFiles = false
    /// Puts the root into the initrd: one file to boot from, for hosts that cannot fetch twice.
    package var embedRoot = false
    /// Keeps the break-glass console, which opens only with `bennu.console=login` on the kernel's command line.
    package var breakGlassConsole = true
    /// squashfs zstd level, 1 to 22.
    package var compressionLevel = 15

    package init(
        name: String, tag: String, kernel: BootImageKernelFlavor, output: String,
        cache: String = "/var/cache/bennu/packages", temporaryDirectory: String = "/var/tmp"
    ) {
        self.name = name
        self.tag = tag
        self.kernel = kernel
        self.output = output
        self.cache = cache
        self.temporaryDirectory = temporaryDirectory
    }
}

extension ImageBuildOptions {
    /// The same with absolute paths: apt and others run in directories of their own, where a relative one means something else.
    func absolute(in workingDirectory: String) -> ImageBuildOptions {
        func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "\(workingDirectory)/\(path)" }
        var options = self
        (options.output, options.cache, options.temporaryDirectory) = (absolute(output), absolute(cache), absolute(temporaryDirectory))
        (options.overlay, options.agent) = (overlay.map(absolute), agent.map(absolute))
        (options.lock, options.writeLock) = (lock.map(absolute), writeLock.map(absolute))
        return options
    }
}
