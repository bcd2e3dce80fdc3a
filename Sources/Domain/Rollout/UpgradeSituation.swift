package import HostContract
package import Primitives

/// All that the choice of a method rests on: what a host runs, what it should run, and who is on it.
package struct UpgradeSituation: Sendable, Hashable {
    /// One side of the comparison. What is not known is `nil`, and never counts as equal.
    package struct System: Sendable, Hashable {
        package var image: Digest?
        package var root: Digest?
        /// Bytes of the root image.
        package var rootSize: Int64?
        package var kernel: Digest?
        /// Bytes of the kernel with all its initrds.
        package var kernelAndInitrdSize: Int64?
        package var kernelArguments: [String]?
        package var imageContract: Int?
        /// The version of its QEMU, as Debian writes it.
        package var emulator: String?
        /// Machine types that its QEMU has.
        package var machineTypes: Set<String>?

        package init(
            image: Digest? = nil, root: Digest? = nil, rootSize: Int64? = nil, kernel: Digest? = nil, kernelAndInitrdSize: Int64? = nil,
            kernelArguments: [String]? = nil, imageContract: Int? = nil, emulator: String? = nil, machineTypes: Set<String>? = nil
        ) {
            (self.image, self.root, self.rootSize) = (image, root, rootSize)
            (self.kernel, self.kernelAndInitrdSize) = (kernel, kernelAndInitrdSize)
            (self.kernelArguments, self.imageContract, self.emulator) = (kernelArguments, imageContract, emulator)
            self.machineTypes = machineTypes
        }
    }

    /// A guest that would see the upgrade: it runs, or stands still in memory.
    package struct Guest: Sendable, Hashable {
        package var name: String
        /// Where its memory lies; `nil` when the host did not say, which is taken for ordinary.
        package var memory: GuestMemoryPlace?
        /// Bytes.
        package var memoryBytes: UInt64?
        /// Why it can be neither kept in place nor saved.
        package var fixture: String?
        /// The program of the host that it needs, which ends with the system.
        package var program: String?
        /// QEMU's word; `nil` when the host did not say.
        package var machineType: String?
        /// The one that its document's own XML asks for; `nil` for whatever is usual where it starts.
        package var wantedMachineType: String?
        /// The version of the QEMU that it runs in, as Debian writes it: of an earlier system's after a soft upgrade.
        package var emulator: String?
        /// Milliseconds that it may stand still; `nil` for any time.
        package var maximumPause: Int?
        /// Methods that its document rules out while it runs, and the words for it.
        package var forbidden: [UpgradeMethod: String]
        /// Why the host does not reach one of its disks now; `nil` when it reaches all, or did not say.
        package var unreachable: String?
        /// Seconds that it has to shut down before a cold restart.
        package var shutdownTimeout: Int
        /// Guests of the lowest are asked first.
        package var shutdownOrder: Int

        package init(
            name: String, memory: GuestMemoryPlace? = nil, memoryBytes: UInt64? = nil, fixture: String? = nil, program: String? = nil,
            machineType: String? = nil,
            wantedMachineType: String? = nil, emulator: String? = nil, maximumPause: Int? = nil, forbidden: [UpgradeMethod: String] = [:],
            unreachable: String? = nil, shutdownTimeout: Int? = nil, shutdownOrder: Int? = nil
        ) {
            (self.forbidden, self.unreachable) = (forbidden, unreachable)
            (self.name, self.memory, self.memoryBytes) = (name, memory, memoryBytes)
            (self.fixture, self.program, self.maximumPause) = (fixture, program, maximumPause)
            (self.machineType, self.wantedMachineType, self.emulator) = (machineType, wantedMachineType, emulator)
            (self.shutdownTimeout, self.shutdownOrder) = (shutdownTimeout ?? HostContract.Guest.usualShutdownTimeout, shutdownOrder ?? 0)
        }
    }

    /// How long guests stood still on hardware of this model the last time, and how many bytes of them were written out.
    package struct MeasuredPause: Sendable, Hashable {
        package var milliseconds: Int
        package var savedBytes: UInt64
        package var host: String
        package init(milliseconds: Int, savedBytes: UInt64, host: String) {
            (self.milliseconds, self.savedBytes, self.host) = (milliseconds, savedBytes, host)
        }
    }

    package var running: System
    package var target: System
    /// True when a restart is wanted even where nothing differs.
    package var isRestart: Bool
    /// True when everything that the host should have is in force now.
    package var isOperational: Bool
    /// The methods that the running agent can carry out; empty when it did not say.
    package var agentMethods: [UpgradeMethod]
    /// Bytes (MemAvailable); `nil` when the host did not say.
    package var memoryAvailable: UInt64?
    /// Roots that the host has in memory already.
    package var rootsInMemory: Set<Digest>
    /// What the running system has set aside for guests.
    package var guestMemory: GuestMemoryStatus?
    /// Where guests can be saved on a disk in the host; `nil` where memory is set aside for that, or the agent does not know how.
    package var localFileSystems: [LocalFileSystem]?
    /// By name.
    package var guests: [Guest]
    /// Methods that the documents rule out, and where they say so.
    package var forbidden: [UpgradeMethod: String]
    /// Why no kernel is to start another on hardware of this model; `nil` where nothing speaks against it.
    package var kexecFailure: String?
    package var measuredPauses: [UpgradeMethod: MeasuredPause]

    package init(
        running: System, target: System, isRestart: Bool = false, isOperational: Bool = true, agentMethods: [UpgradeMethod] = [],
        memoryAvailable: UInt64? = nil, rootsInMemory: Set<Digest> = [], guestMemory: GuestMemoryStatus? = nil,
        localFileSystems: [LocalFileSystem]? = nil, guests: [Guest] = [],
        forbidden: [UpgradeMethod: String] = [:], kexecFailure: String? = nil, measuredPauses: [UpgradeMethod: MeasuredPause] = [:]
    ) {
        (self.forbidden, self.kexecFailure, self.measuredPauses) = (forbidden, kexecFailure, measuredPauses)
        (self.guestMemory, self.localFileSystems) = (guestMemory, localFileSystems)
        self.isOperational = isOperational
        (self.running, self.target, self.isRestart, self.agentMethods) = (running, target, isRestart, agentMethods)
        (self.memoryAvailable, self.rootsInMemory, self.guests) = (memoryAvailable, rootsInMemory, guests)
    }
}
