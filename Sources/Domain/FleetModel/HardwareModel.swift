package import HostContract

/// What hosts of one make have in common: whether one kernel can start another there, and how long that takes.
package struct HardwareModel: Codable, Sendable, Hashable {
    package var manufacturer: String?
    package var product: String?

    package init(manufacturer: String?, product: String?) { (self.manufacturer, self.product) = (manufacturer, product) }

    /// Hosts that say nothing of themselves count as one model.
    package init(of inventory: Inventory?) { self.init(manufacturer: inventory?.system.manufacturer, product: inventory?.system.product) }
}

extension HardwareModel: CustomStringConvertible {
    package var description: String {
        let words = [manufacturer, product].compactMap(\.self).filter { !$0.isEmpty }
        return words.isEmpty ? "unknown hardware" : words.joined(separator: " ")
    }
}

/// What was learned of one hardware model.
package struct ModelRecord: Codable, Sendable, Hashable {
    /// A start of another kernel that nobody came back from.
    package struct KexecFailure: Codable, Sendable, Hashable {
        package var host: String
        package var order: String
        package var reason: String
        /// Milliseconds since 1970.
        package var time: Int64
        package init(host: String, order: String, reason: String, time: Int64) {
            (self.host, self.order, self.reason, self.time) = (host, order, reason, time)
        }
    }

    /// How long guests stood still the last time.
    package struct MeasuredPause: Codable, Sendable, Hashable {
        /// Of the guest that waited longest.
        package var milliseconds: Int
        /// Bytes of guest memory that were written out and read back.
        package var savedBytes: UInt64
        /// They were on a disk meanwhile; `nil` is no, too.
        package var onDisk: Bool?
        package var host: String
        /// Milliseconds since 1970.
        package var time: Int64
        package init(milliseconds: Int, savedBytes: UInt64, onDisk: Bool? = nil, host: String, time: Int64) {
            (self.milliseconds, self.savedBytes, self.onDisk) = (milliseconds, savedBytes, onDisk)
            (self.host, self.time) = (host, time)
        }
    }

    package var model: HardwareModel
    /// While it is there, the methods that start another kernel are not trusted on this model.
    package var kexecFailure: KexecFailure?
    package var warmPause: MeasuredPause?
    package var savePause: MeasuredPause?

    package init(model: HardwareModel) { self.model = model }

    package subscript(pauseBy method: UpgradeMethod) -> MeasuredPause? {
        get { method == .warm ? warmPause : method == .save ? savePause : nil }
        set { if method == .warm { warmPause = newValue } else if method == .save { savePause = newValue } }
    }
}
