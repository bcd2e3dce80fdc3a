import FleetModel
import HostContract
import OperatorTypes

/// The disk of a virtual host with a file system for guests' disks, which libvirt mounts as a pool.
enum LocalDisk {
    static let bytes: Int64 = 64 << 20
    static let directory = "/srv/guests"

    static func added(to profile: String) -> String {
        profile.replacing(
            "  storagePools:\n",
            with: """
                  storagePools:
                    - name: local
                      xml: |
                        <pool type='fs'>
                          <name>local</name>
                          <source><device path='/dev/vda'/><format type='ext4'/></source>
                          <target><path>\(directory)</path></target>
                        </pool>

                """)
    }

    static let questions: KeyValuePairs = [
        "mounted": "[ $(findmnt -n -o FSTYPE \(directory)) = ext4 ] && echo yes", "pool": "virsh pool-info local | awk '/^State/ { print $2 }'",
    ]
}

extension Site {
    /// Once; it outlives the host's systems.
    func makeLocalDisk(on host: HostDetail) async throws {
        _ = try await run(
            on: host,
            "mkfs.ext4 -q /dev/vda && mount /dev/vda /mnt && truncate -s 8M /mnt/writer.raw && umount /mnt && udevadm trigger --settle /dev/vda")
    }

    /// Waits until the host is operational, and the guests run on it.
    @discardableResult
    func waitForGuests(_ names: Set<String>) async throws -> HostDetail {
        try await eventually("\(names) run", within: .seconds(600)) {
            let detail = try await self.host("h1")
            let running = detail?.record.boot?.status?.guests.filter { $0.state == "running" }.map(\.name) ?? []
            return detail?.summary.state == .operational && names.isSubset(of: running) ? detail : nil
        }
    }
}
