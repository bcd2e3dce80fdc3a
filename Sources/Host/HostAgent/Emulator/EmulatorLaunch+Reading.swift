import FoundationEssentials
import GuestXML

extension EmulatorLaunch {
    /// - Parameters:
    ///   - live: the definition of the guest as it runs, libvirt's.
    ///   - definition: the one for its state file.
    ///   - secondMonitor: path of a socket for us.
    /// - Throws: when libvirt gives the guest something that QEMU's arguments do not tell, or that would be in doubt.
    package init(_ process: EmulatorProcess, live: String, status: String, definition: String, stateOffset: Int, secondMonitor: String)
        throws(NeedsLibvirt)
    {
        guard let devices = GuestDevices(live) else { throw NeedsLibvirt(reason: "its definition cannot be read") }
        if let reason = devices.needsLibvirt { throw NeedsLibvirt(reason: reason) }
        guard let machine = process.machine else { throw NeedsLibvirt(reason: "its control group is not a machine's") }
        guard let monitor = Self.monitor(status), DomainStatus(status, process: 0, threads: [:], terminals: [:]) != nil else {
            throw NeedsLibvirt(reason: "libvirt's notes about it name no monitor")
        }
        var reading = Reading(process: process, guest: devices, monitor: monitor)
        try reading.run()
        guard reading.devices == Self.devices(status) else { throw NeedsLibvirt(reason: "devices were plugged in or out since it started") }
        guard reading.images == devices.images else { throw NeedsLibvirt(reason: "disks were changed since it started") }
        let number = max(Self.lowestOwn, (reading.descriptors.keys.max() ?? 0) + 1)
        reading.descriptors[number] = .socket(path: secondMonitor)
        let own = ["-chardev", "socket,id=\(Self.ownMonitor),fd=\(number),server=on,wait=off", "-mon", "chardev=\(Self.ownMonitor),mode=control"]
        self.init(
            arguments: reading.arguments + own + ["-S", "-incoming", "defer"], environment: process.environment, descriptors: reading.descriptors,
            status: status, monitor: monitor, secondMonitor: secondMonitor, machine: machine, stateOffset: stateOffset, definition: definition,
            processors: process.processors)
    }

    private static func monitor(_ status: String) -> String? {
        guard let tag = VerbatimXML(status)?.elements.first(where: { $0.name == "monitor" })?.text, VerbatimXML.attribute("type", of: tag) == "unix"
        else { return nil }
        return VerbatimXML.attribute("path", of: tag)
    }

    /// Names of QEMU's devices, as libvirt has last seen them.
    private static func devices(_ status: String) -> Set<String> {
        let list = VerbatimXML(status)?.elements.first { $0.name == "devices" }.flatMap { VerbatimXML($0.text) }
        return Set(list?.tags.filter { $0.name == "device" }.compactMap { VerbatimXML.attribute("alias", of: $0.text) } ?? [])
    }

    /// Goes through the arguments, and makes out what they say.
    private struct Reading {
        let process: EmulatorProcess
        let guest: GuestDevices
        let monitor: String
        var arguments: [String] = []
        var descriptors: [Int32: Descriptor] = [:]
        /// Names of devices.
        var devices: Set<String> = []
        /// Files that disks are in, by libvirt's number.
        var images: [String: String] = [:]
        private var sets: Set<String> = []

        init(process: EmulatorProcess, guest: GuestDevices, monitor: String) { (self.process, self.guest, self.monitor) = (process, guest, monitor) }

        mutating func run() throws(NeedsLibvirt) {
            var rest = process.arguments[...]
            guard let program = rest.popFirst(), program.hasPrefix("/") else { throw NeedsLibvirt(reason: "its program has no path") }
            arguments = [program]
            while let word = rest.popFirst() {
                switch word {
                case "-S": continue
                case "-incoming": _ = rest.popFirst()
                case "-chardev": try take(word, rest.popFirst()) { reading, value throws(NeedsLibvirt) in try reading.characterDevice(value) }
                case "-netdev": try take(word, rest.popFirst()) { reading, value throws(NeedsLibvirt) in try reading.networkDevice(value) }
                case "-add-fd": try take(word, rest.popFirst()) { reading, value throws(NeedsLibvirt) in try reading.addedDescriptor(value) }
                case "-mon" where EmulatorLaunch.ours.contains { rest.first?.hasPrefix("chardev=\($0),") == true }: _ = rest.popFirst()
                case "-device": try take(word, rest.popFirst()) { reading, value throws(NeedsLibvirt) in try reading.device(value) }
                case "-blockdev": try take(word, rest.popFirst()) { reading, value throws(NeedsLibvirt) in try reading.image(value) }
                case "-drive": throw NeedsLibvirt(reason: "has a disk of the old kind")
                default:
                    try refuse(word)
                    arguments.append(word)
                }
            }
        }

        /// - Parameter read: false when the argument is to be left out.
        private mutating func take(
            _ option: String, _ value: String?, _ read: (inout Reading, String) throws(NeedsLibvirt) -> Bool
        ) throws(NeedsLibvirt) {
            guard let value else { throw NeedsLibvirt(reason: "its argument \(option) has no value") }
            if try read(&self, value) { arguments += [option, value] }
        }

        private func refuse(_ word: String) throws(NeedsLibvirt) {
            let marks = ["fd=", "fds=", "fd\":", "fds\":", "/dev/fdset/"]
            guard !marks.contains(where: { word.contains($0) }) else {
                throw NeedsLibvirt(reason: "QEMU was given an open file: \(word.prefix(100))")
            }
        }

        private mutating func characterDevice(_ value: String) throws(NeedsLibvirt) -> Bool {
            var options = value.split(separator: ",").map(String.init)
            let id = options.first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3)) } ?? ""
            if EmulatorLaunch.ours.contains(id) { return false }
            if let place = options.firstIndex(where: { $0.hasPrefix("fd=") }) {
                guard options.first == "socket", options.contains("server=on"), let number = Int32(options[place].dropFirst(3)),
                    let path = id == "charmonitor" ? monitor : guest.socket(of: String(id.dropFirst(4)))
                else { throw NeedsLibvirt(reason: "nobody knows what its socket \(id) is") }
                descriptors[number] = .socket(path: path)
                options.remove(at: place)
            }
            options.removeAll { option in option.hasPrefix("logfile=/dev/fdset/") && sets.contains(String(option.dropFirst(19))) }
            for option in options { try refuse(option) }
            return true
        }

        private struct Named: Decodable {
            var id: String?
            var node: String?
            var filename: String?
            private enum CodingKeys: String, CodingKey {
                case id, filename
                case node = "node-name"
            }
        }

        /// In JSON, or the way it was written before.
        private mutating func device(_ value: String) throws(NeedsLibvirt) -> Bool {
            try refuse(value)
            let id =
                (try? JSONDecoder().decode(Named.self, from: Data(value.utf8)))?.id
                ?? value.split(separator: ",").first { $0.hasPrefix("id=") }.map { String($0.dropFirst(3)) }
            if let id { devices.insert(id) }
            return true
        }

        private mutating func image(_ value: String) throws(NeedsLibvirt) -> Bool {
            try refuse(value)
            guard let named = try? JSONDecoder().decode(Named.self, from: Data(value.utf8)) else {
                throw NeedsLibvirt(reason: "its disk cannot be read: \(value.prefix(100))")
            }
            let parts = named.node?.split(separator: "-") ?? []
            if parts.count == 3, parts[0] == "libvirt", parts[2] == "storage", Int(parts[1]) != nil {
                images[String(parts[1])] = named.filename ?? ""
            }
            return true
        }

        private struct NetworkDevice: Decodable {
            var type: String
            var id: String
            var fd: String?
            var vhostfd: String?
        }

        private mutating func networkDevice(_ value: String) throws(NeedsLibvirt) -> Bool {
            guard let device = try? JSONDecoder().decode(NetworkDevice.self, from: Data(value.utf8)), device.type == "tap",
                !value.contains("fds\""), let number = device.fd.flatMap({ Int32($0) }), let tap = process.taps[number]
            else { throw NeedsLibvirt(reason: "its network device is no simple tap: \(value.prefix(100))") }
            descriptors[number] = .tap(tap)
            if let vhost = device.vhostfd {
                guard let number = Int32(vhost) else { throw NeedsLibvirt(reason: "its network device has an unknown vhost descriptor") }
                descriptors[number] = .vhostNet
            }
            return true
        }

        private mutating func addedDescriptor(_ value: String) throws(NeedsLibvirt) -> Bool {
            var fields: [Substring: Substring] = [:]
            for option in value.split(separator: ",") {
                let parts = option.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { fields[parts[0]] = parts[1] }
            }
            guard let set = fields["set"], let number = fields["fd"].flatMap({ Int32($0) }), let owner = fields["opaque"], owner.hasSuffix("-log"),
                let path = guest.log(of: String(owner.dropLast(4)))
            else { throw NeedsLibvirt(reason: "QEMU was given an open file: \(value.prefix(100))") }
            descriptors[number] = .log(path: path)
            sets.insert(String(set))
            return true
        }
    }

    private static let ownMonitor = "bennu-monitor"
    /// Descriptors below are libvirt's.
    private static let lowestOwn: Int32 = 64
    /// Character devices that are no part of the guest; one is of a guest that libvirt resumed (`GuestStand`).
    private static let ours = [ownMonitor, "bennu-resume"]
}
