// swift-tools-version: 6.2
import PackageDescription

/// For the fuzzers: see Fuzz/README.md. With `address`, every read and write of ours is checked too; optimized, or it takes a night.
let sanitizers = Context.environment["BENNU_FUZZ"] == "address" ? ["-sanitize=fuzzer,address", "-O"] : ["-sanitize=fuzzer"]

/// Every target of ours is compiled alike: Swift 6, warnings are errors, and what a file uses it imports.
let ours: [SwiftSetting] =
    [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (Context.environment["BENNU_FUZZ"] != nil ? [.unsafeFlags(sanitizers)] : [])

/// A target in its room: `Sources/<room>/<name>`.
func target(_ name: String, in room: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: "Sources/\(room)/\(name)", swiftSettings: ours)
}

/// Tests mirror the sources: `Tests/<room>/<name>Tests`.
func tests(_ name: String, in room: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(room)/\(name)Tests", swiftSettings: ours)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let collections = Target.Dependency.product(name: "HashTreeCollections", package: "swift-collections")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

/// Set to build the fuzzers, which need flags that a dependency may not have: see Fuzz/README.md.
let fuzzing = Context.environment["BENNU_FUZZ"] != nil

let package = Package(
    name: "bennu",
    products: [
        .executable(name: "bennu", targets: ["bennu"]),
        .executable(name: "bennu-agent", targets: ["bennu-agent"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1", traits: []),
        .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
    ],
    targets: [
        // Vocabulary: words that every room uses.
        target("Primitives", in: "Vocabulary"),
        .target(name: "CSockets", path: "Sources/Vocabulary/CSockets"),
        .systemLibrary(name: "CLibvirt", path: "Sources/Vocabulary/CLibvirt", pkgConfig: "libvirt", providers: [.apt(["libvirt-dev"])]),

        // Wire: codecs and value-type state machines.
        target("DHCPWire", in: "Wire", ["Primitives"]),
        target("TFTPWire", in: "Wire"),
        target("TPMWire", in: "Wire"),

        // Domain: pure decisions.
        target("HostContract", in: "Domain", ["Primitives"]),
        target("GuestXML", in: "Domain"),
        target("FleetModel", in: "Domain", ["Primitives", "HostContract"]),
        target("Documents", in: "Domain", ["Primitives", "DHCPWire", "HostContract", "GuestXML", "FleetModel", yams]),
        target("AddressPlan", in: "Domain", ["Primitives"]),
        target("BootPolicy", in: "Domain", ["Primitives", "DHCPWire", "FleetModel", "AddressPlan"]),
        target("Rollout", in: "Domain", ["Primitives", "HostContract"]),
        target("OperatorTypes", in: "Domain", ["Primitives", "HostContract", "FleetModel", "Rollout"]),

        // Storage.
        target("Store", in: "Storage", ["Primitives", grdb, grdbSQLite, logging]),
        target("Journal", in: "Storage", ["Primitives", "FleetModel", grdb, logging]),
        target("ImageStore", in: "Storage", ["Primitives", "FleetModel", crypto]),

        // Servers.
        target("DatagramIO", in: "Servers", ["Primitives", "CSockets"]),
        target(
            "Fleet", in: "Servers",
            [
                "Primitives", "HostContract", "FleetModel", "Documents", "AddressPlan", "BootPolicy", "OperatorTypes", "Rollout", "GuestXML", "Store",
                "Journal",
                "ImageStore", collections, crypto, lifecycle, logging,
            ]),
        target(
            "DHCPServer", in: "Servers",
            [
                "Primitives", "HostContract", "DHCPWire", "FleetModel", "AddressPlan", "BootPolicy", "OperatorTypes", "Store", "Fleet",
                "DatagramIO", lifecycle, logging, metrics,
            ]),
        target(
            "BootServer", in: "Servers",
            [
                "Primitives", "TFTPWire", "FleetModel", "BootPolicy", "DatagramIO", "Fleet",
                nioCore, nioHTTP1, nioPosix, lifecycle, logging, metrics,
            ]),
        target("HostPower", in: "Servers", ["Primitives", "FleetModel", "Fleet", lifecycle, logging]),
        target(
            "ConfigurationServer", in: "Servers",
            ["HostContract", "FleetModel", "Fleet", hummingbird, lifecycle, logging, nioCore]),
        target(
            "OperatorServer", in: "Servers",
            ["HostContract", "FleetModel", "OperatorTypes", "Fleet", hummingbird, lifecycle, logging, nioCore]),

        // Host.
        target(
            "HostAgent", in: "Host",
            ["Primitives", "TPMWire", "HostContract", "GuestXML", "CLibvirt", crypto, nioCore, nioHTTP1, nioPosix]),

        // Workshop.
        .target(
            name: "ImageBuilder", dependencies: ["Primitives", "FleetModel", "ImageStore", subprocess],
            path: "Sources/Workshop/ImageBuilder", resources: [.embedInCode("Resources")], swiftSettings: ours),
        target("VirtualRack", in: "Workshop", ["Primitives", subprocess]),

        // Operator.
        target("OperatorClient", in: "Operator", ["HostContract", nioCore, nioHTTP1, nioPosix]),
        target(
            "OperatorCommands", in: "Operator",
            [
                "Primitives", "HostContract", "FleetModel", "BootPolicy", "Rollout", "OperatorTypes", "OperatorClient", "ImageBuilder", "VirtualRack",
                argumentParser,
            ]),

        // Programs.
        target(
            "ServerAssembly", in: "Programs",
            [
                "Primitives", "Documents", "FleetModel", "HostContract", "OperatorTypes", "Store", "Journal", "ImageStore", "Fleet", "DatagramIO",
                "DHCPServer",
                "BootServer",
                "ConfigurationServer", "HostPower", "OperatorServer", argumentParser, lifecycle, unixSignals, logging, nioCore,
            ]),
        .executableTarget(
            name: "bennu", dependencies: ["OperatorCommands", "ServerAssembly", argumentParser],
            path: "Sources/Programs/bennu", swiftSettings: ours),
        .executableTarget(
            name: "bennu-agent", dependencies: ["HostAgent"],
            path: "Sources/Programs/bennu-agent", swiftSettings: ours),

        // Tests mirror the sources.
        .target(name: "TestSupport", dependencies: ["Store"], path: "Tests/TestSupport", swiftSettings: ours),
        .target(
            name: "FleetFixtures",
            dependencies: [
                "Documents", "Fleet", "FleetModel", "HostContract", "ImageStore", "Journal", "OperatorTypes", "Primitives", "Store", "TestSupport",
                crypto, logging,
            ], path: "Tests/Servers/FleetFixtures", swiftSettings: ours),
        .executableTarget(
            name: "DHCPExchanges",
            dependencies: [
                "DHCPServer", "DHCPWire", "DatagramIO", "Fleet", "ImageStore", "Journal", "OperatorTypes", "Primitives", "Store", logging,
            ], path: "Tests/Servers/DHCPExchanges", swiftSettings: ours),
        .executableTarget(
            name: "TFTPFetches", dependencies: ["CSockets", "Primitives"], path: "Tests/Servers/TFTPFetches", swiftSettings: ours),
        .executableTarget(
            name: "BootStorm",
            dependencies: ["DHCPWire", "HostContract", "Primitives", "TFTPWire", nioCore, nioHTTP1, nioPosix], path: "Tests/Servers/BootStorm",
            swiftSettings: ours),
        .executableTarget(name: "StoreWriter", dependencies: ["Store"], path: "Tests/Storage/StoreWriter", swiftSettings: ours),
        tests("Primitives", in: "Vocabulary", ["Primitives"]),
        tests("DHCPWire", in: "Wire", ["DHCPWire", "Primitives"]),
        tests("TFTPWire", in: "Wire", ["TFTPWire", "Primitives"]),
        tests("TPMWire", in: "Wire", ["TPMWire"]),
        tests("HostContract", in: "Domain", ["HostContract", "Primitives"]),
        tests("GuestXML", in: "Domain", ["GuestXML"]),
        tests("FleetModel", in: "Domain", ["FleetModel", "HostContract", "Primitives"]),
        tests("Documents", in: "Domain", ["Documents", "DHCPWire", "FleetModel", "HostContract", "Primitives"]),
        tests("AddressPlan", in: "Domain", ["AddressPlan", "Primitives"]),
        tests("BootPolicy", in: "Domain", ["BootPolicy", "AddressPlan", "DHCPWire", "FleetModel", "Primitives"]),
        tests("Rollout", in: "Domain", ["Rollout", "HostContract", "Primitives"]),
        tests("Store", in: "Storage", ["Store", "TestSupport", "StoreWriter", grdb]),
        tests("Journal", in: "Storage", ["Journal", "FleetModel", "Primitives", "TestSupport", grdb, logging]),
        tests("ImageStore", in: "Storage", ["ImageStore", "FleetModel", "Primitives"]),
        tests("ImageBuilder", in: "Workshop", ["ImageBuilder", "ImageStore", "FleetModel", "Primitives"]),
        tests(
            "Fleet", in: "Servers",
            [
                "Fleet", "FleetFixtures", "AddressPlan", "BootPolicy", "DHCPWire", "Documents", "FleetModel", "HostContract", "ImageStore", "Journal",
                "OperatorTypes", "Primitives", "Rollout", "Store", "TestSupport", collections, crypto, logging,
            ]),
        tests(
            "ConfigurationServer", in: "Servers",
            [
                "ConfigurationServer", "Fleet", "FleetFixtures", "FleetModel", "HostContract", "OperatorTypes", "Primitives", hummingbird, lifecycle,
                logging,
            ]),
        tests(
            "OperatorServer", in: "Servers",
            [
                "OperatorServer", "Fleet", "FleetFixtures", "FleetModel", "HostContract", "OperatorClient", "OperatorTypes", "Primitives",
                "TestSupport", hummingbird, lifecycle, logging,
            ]),
        tests(
            "HostPower", in: "Servers",
            ["HostPower", "Fleet", "FleetFixtures", "FleetModel", "HostContract", "Journal", "Primitives", "TestSupport", lifecycle, logging]),
        tests("DatagramIO", in: "Servers", ["DatagramIO", "Primitives"]),
        tests(
            "DHCPServer", in: "Servers",
            [
                "DHCPServer", "AddressPlan", "BootPolicy", "DHCPExchanges", "DHCPWire", "DatagramIO", "Fleet", "FleetFixtures", "FleetModel",
                "HostContract",
                "OperatorTypes", "Primitives", "Store", "TestSupport", lifecycle, logging,
            ]),
        tests(
            "BootServer", in: "Servers",
            [
                "BootServer", "AddressPlan", "BootPolicy", "Fleet", "FleetModel", "Primitives", "TFTPFetches", "TFTPWire", lifecycle, logging,
                nioCore, nioEmbedded, nioPosix,
            ]),
        tests("HostAgent", in: "Host", ["HostAgent", "HostContract", "Primitives", "TPMWire", crypto, nioCore, nioHTTP1, nioPosix]),
        tests("OperatorClient", in: "Operator", ["OperatorClient", "HostContract", nioCore, nioHTTP1, nioPosix]),
        tests("VirtualRack", in: "Workshop", ["VirtualRack", "Primitives"]),
        tests("ServerAssembly", in: "Programs", ["TestSupport", "bennu"]),
        tests(
            "Succession", in: "Programs",
            [
                "ConfigurationServer", "Fleet", "FleetFixtures", "FleetModel", "HostAgent", "HostContract", "OperatorTypes", "Primitives", "Rollout",
                "TestSupport", hummingbird, lifecycle, logging, nioCore, nioHTTP1, nioPosix,
            ]),
        tests("Layer", in: "Programs", []),
        // Hosts with real firmware, and the program itself.
        tests(
            "Boot", in: "Boot",
            [
                "bennu", "Fleet", "FleetModel", "HostContract", "ImageBuilder", "ImageStore", "OperatorClient", "OperatorTypes", "Primitives",
                "Rollout",
                "TestSupport", "VirtualRack",
            ]),
    ],
    swiftLanguageModes: [.v6]
)

/// A libFuzzer program for one decoder, with its corpus in `Fuzz/Corpus`.
func fuzz(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .executableTarget(
        name: name, dependencies: ["FuzzDriver"] + dependencies, path: "Fuzz/\(name)", swiftSettings: ours,
        linkerSettings: [.unsafeFlags(sanitizers + ["-use-ld=lld"])])
}

if fuzzing {
    package.targets += [
        .target(name: "FuzzDriver", path: "Fuzz/FuzzDriver", swiftSettings: ours),
        fuzz("FuzzDHCP", ["DHCPWire"]), fuzz("FuzzHost", ["Documents", "Fleet", "FleetModel", "HostContract", collections]),
        fuzz("FuzzDecision", ["AddressPlan", "BootPolicy", "DHCPServer", "DHCPWire", "Primitives"]),
        fuzz("FuzzHTTP", ["AddressPlan", "BootServer", "Fleet", "FleetModel", "Primitives", logging, nioCore, nioEmbedded, nioHTTP1]),
        fuzz("FuzzTFTP", ["TFTPWire"]), fuzz("FuzzTPM", ["TPMWire"]), fuzz("FuzzDocuments", ["Documents", "FleetModel"]),
    ]
}
