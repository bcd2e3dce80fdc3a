// A boot storm: hosts that power on together, each with real DHCP through a relay address and real HTTP from the address it was given.
// Arguments: relay address, server address, number of hosts, seconds in which they all power on, how many of a hundred load by TFTP. See Benchmarks/storm.
import Foundation
import NIOCore
import NIOPosix
import Primitives

func percentile(_ values: [Double], _ part: Double) -> Double {
    values.isEmpty ? 0 : values.sorted()[min(values.count - 1, Int(Double(values.count) * part))]
}

func number(_ value: Double) -> String { String((value * 1000).rounded() / 1000) }

let words = CommandLine.arguments.dropFirst()
guard words.count == 5, let relayAddress = IPv4Address(words[1]), let server = IPv4Address(words[2]), let count = Int(words[3]),
    let seconds = Double(words[4]), let byTFTP = Int(words[5])
else {
    FileHandle.standardError.write(Data("usage: BootStorm RELAY_ADDRESS SERVER_ADDRESS HOSTS SECONDS TFTP_PERCENT\n".utf8))
    exit(64)
}

let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
let loop = group.next()
// A loop of its own: a reply that waits behind ten thousand connections looks lost to its host.
let relay = try await Relay(address: relayAddress, server: server, on: group.next())
let began = ContinuousClock.now
var logs: [(StormHost.Log, end: Double)] = []
try await withThrowingTaskGroup(of: (StormHost.Log, Double).self) { group in
    for index in 0..<count {
        group.addTask {
            try await Task.sleep(for: .seconds(seconds * Double(index) / Double(count)))
            var host = StormHost(number: index, server: "http://\(server):8080", relay: relay, web: Web(loop: loop))
            if index * 61 % 100 < byTFTP { host.loaderServer = server }
            let log = try await host.boot()
            return (log, (ContinuousClock.now - began) / .seconds(1))
        }
    }
    for try await log in group { logs.append((log.0, log.1)) }
}

var names = logs.first?.0.steps.map(\.name) ?? []
if let other = logs.first(where: { $0.0.steps.map(\.name) != names }) { names.insert(other.0.steps[1].name, at: 1) }
for name in names {
    let values = logs.compactMap { $0.0.steps.first { $0.name == name }?.seconds }
    print(
        "step \(name.padding(toLength: 16, withPad: " ", startingAt: 0)) p50 \(number(percentile(values, 0.5))) s  p99 \(number(percentile(values, 0.99))) s"
    )
}
let own = logs.map(\.0.operational)
print("operational after power-on: p50 \(number(percentile(own, 0.5))) s  p99 \(number(percentile(own, 0.99))) s")
print(
    "last of \(count) operational \(number(logs.map(\.end).max() ?? 0)) s after the first power-on; median at \(number(percentile(logs.map(\.end), 0.5))) s"
)
let queued = logs.map(\.0.queued)
print(
    "queued: p50 \(number(percentile(queued, 0.5))) s  p99 \(number(percentile(queued, 0.99))) s  pauses \(logs.reduce(0) { $0 + $1.0.pauses })")
print("retries \(logs.reduce(0) { $0 + $1.0.retries })  bytes \(logs.reduce(0) { $0 + $1.0.bytes })")
