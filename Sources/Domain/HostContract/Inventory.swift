package import Primitives

/// What a host found in itself, reported once a boot.
package struct Inventory: Codable, Sendable, Hashable {
    package struct System: Codable, Sendable, Hashable {
        package var manufacturer: String?
        package var product: String?
        package var serial: String?
        package var uuid: UniversalUniqueIdentifier?
        package init(manufacturer: String? = nil, product: String? = nil, serial: String? = nil, uuid: UniversalUniqueIdentifier? = nil) {
            (self.manufacturer, self.product, self.serial, self.uuid) = (manufacturer, product, serial, uuid)
        }
    }
    package struct Processor: Codable, Sendable, Hashable {
        package var model: String
        /// Logical processors that are online.
        package var count: Int
        package var sockets: Int
        /// `vmx`, `svm` or nothing: what KVM needs.
        package var virtualization: String?
        package init(model: String, count: Int, sockets: Int, virtualization: String? = nil) {
            (self.model, self.count, self.sockets, self.virtualization) = (model, count, sockets, virtualization)
        }
    }
    /// One line of the firmware's memory map (/sys/firmware/memmap).
    package struct MemoryRange: Codable, Sendable, Hashable {
        /// First and last byte address.
        package var start: UInt64
        package var end: UInt64
        package var kind: String
        package init(start: UInt64, end: UInt64, kind: String) { (self.start, self.end, self.kind) = (start, end, kind) }
    }
    /// Memory that is as near to some processors as any (ACPI, System Resource Affinity Table).
    package struct MemoryNode: Codable, Sendable, Hashable {
        /// The proximity domain.
        package var number: Int
        /// First and last byte address.
        package var start: UInt64
        package var end: UInt64
        package init(number: Int, start: UInt64, end: UInt64) { (self.number, self.start, self.end) = (number, start, end) }
    }
    package struct NetworkInterface: Codable, Sendable, Hashable {
        package var name: String
        package var hardwareAddress: HardwareAddress
        package var driver: String?
        package var hasCarrier: Bool
        /// Megabits a second, where the driver says.
        package var speed: Int?
        package init(name: String, hardwareAddress: HardwareAddress, driver: String? = nil, hasCarrier: Bool, speed: Int? = nil) {
            (self.name, self.hardwareAddress, self.driver, self.hasCarrier, self.speed) = (name, hardwareAddress, driver, hasCarrier, speed)
        }
    }
    package struct Disk: Codable, Sendable, Hashable {
        package var name: String
        package var bytes: UInt64
        package var model: String?
        package init(name: String, bytes: UInt64, model: String? = nil) { (self.name, self.bytes, self.model) = (name, bytes, model) }
    }
    package enum FirmwareKind: String, Codable, Sendable { case bios, uefi }

    package var system: System
    package var processor: Processor
    /// Bytes that the kernel manages (MemTotal).
    package var memoryBytes: UInt64
    package var memoryMap: [MemoryRange]
    /// `nil` from agents that did not look.
    package var memoryNodes: [MemoryNode]?
    package var interfaces: [NetworkInterface]
    package var disks: [Disk]
    package var firmware: FirmwareKind
    package var kernel: String
    /// True when /dev/kvm can be opened.
    package var hasKVM: Bool
    package var hasTPM: Bool

    package init(
        system: System, processor: Processor, memoryBytes: UInt64, memoryMap: [MemoryRange], memoryNodes: [MemoryNode]? = nil,
        interfaces: [NetworkInterface], disks: [Disk], firmware: FirmwareKind, kernel: String, hasKVM: Bool, hasTPM: Bool
    ) {
        (self.system, self.processor, self.memoryBytes, self.memoryMap) = (system, processor, memoryBytes, memoryMap)
        self.memoryNodes = memoryNodes
        (self.interfaces, self.disks, self.firmware, self.kernel) = (interfaces, disks, firmware, kernel)
        (self.hasKVM, self.hasTPM) = (hasKVM, hasTPM)
    }
}
