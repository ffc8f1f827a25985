// swift-tools-version: 6.2
import PackageDescription

// What a program takes of this package. Each trait is enough by itself, and the default one is a single trait: SwiftPM gives
// the compiler a flag for every trait that is on, in an order that differs from run to run, so that with several everything
// is compiled again and again.
let withTLS: Set<String> = ["TLS", "Secure", "Services", "Server", "Full"]
let withKeys: Set<String> = ["Keys", "Secure", "Services", "Server", "Full"]
let withServices: Set<String> = ["Services", "Server", "Full"]
let withServer: Set<String> = ["Server", "Full"]
let withZeroMQ: Set<String> = ["Full"]

// A package all of whose products are under traits that are off is not even fetched. So every product of such a package has
// a condition, here and in the tests.
let tls = TargetDependencyCondition.when(traits: withTLS)
let keys = TargetDependencyCondition.when(traits: withKeys)
let services = TargetDependencyCondition.when(traits: withServices)
let server = TargetDependencyCondition.when(traits: withServer)
let zeroMQ = TargetDependencyCondition.when(traits: withZeroMQ)

/// One strict dialect for every target: Swift 6 language mode plus the upcoming features that are painful to retrofit; and what
/// the sources know of the traits.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .define("WITH_TLS", .when(traits: withTLS)),
    .define("WITH_KEYS", .when(traits: withKeys)),
    .define("WITH_SERVICES", .when(traits: withServices)),
    .define("WITH_SERVER", .when(traits: withServer)),
    .define("WITH_ZEROMQ", .when(traits: withZeroMQ)),
]

let package = Package(
    name: "rembus",
    platforms: [.macOS(.v15)],
    products: [
        // An SDK user depends on this product alone; it builds neither the broker nor the command line.
        .library(name: "Rembus", targets: ["Rembus"]),
        .library(name: "RembusWire", targets: ["RembusWire"]),
        .library(name: "DataFrames", targets: ["DataFrames"]),
        .library(name: "RembusBroker", targets: ["RembusBroker"]),
        // The broker with all that the command has, for a program that embeds one.
        .library(name: "RembusServer", targets: ["RembusServer"]),
        // Brokers for the tests of programs that use Rembus: in process, over loopback, as a process.
        .library(name: "RembusTesting", targets: ["RembusTesting"]),
        .executable(name: "rembus", targets: ["rembus-cli"]),
        // Lets the SDK dial zmq://; needs libzmq, which nothing else of the SDK does.
        .library(name: "RembusZeroMQ", targets: ["RembusZeroMQ"]),
    ],
    // On by default is what a checkout needs. Programs that use the SDK name what they need of it, `traits: []` for the least.
    traits: [
        .default(enabledTraits: ["Full"]),
        .trait(name: "TLS", description: "The SDK connects to wss://, tls:// and mqtts://, through swift-nio-ssl."),
        .trait(name: "Keys", description: "The SDK proves names with keys and shared secrets, through swift-crypto."),
        .trait(name: "Secure", description: "TLS and Keys in one."),
        .trait(
            name: "Services", description: "A Component is a Service of swift-service-lifecycle, with TLS and keys."),
        .trait(name: "Server", description: "The broker with gateways and tables, as a library and as the command."),
        .trait(name: "Full", description: "All of it, and ZeroMQ in broker and command, through libzmq."),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        // Without the traits that bring a configuration library and all of Foundation.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    ],
    targets: [
        // What modules need that have nothing else in common: clocks, the calendar, file locks, rate limits, UTF-8.
        .target(
            name: "RembusSupport",
            dependencies: [.product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .target(
            name: "RembusWire",
            dependencies: ["RembusSupport", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        // Links, whatever carries them, and the dialing half; the listening half is the broker's.
        .target(
            name: "RembusTransport",
            dependencies: [
                "RembusSupport", "RembusWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: tls),
            ],
            swiftSettings: strict),
        .target(
            name: "RembusListening",
            dependencies: [
                "RembusSupport", "RembusTransport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: tls),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // Proofs of identity, both ends: keys, signatures, secrets, and the files they are in.
        .target(
            name: "RembusIdentity",
            dependencies: [
                "RembusSupport", .product(name: "Crypto", package: "swift-crypto", condition: keys),
                .product(name: "CryptoExtras", package: "swift-crypto", condition: keys),
            ],
            swiftSettings: strict),
        // Who may do what on a broker, and the record of who did.
        .target(
            name: "RembusTrust",
            dependencies: [
                "RembusSupport", "RembusWire", "RembusIdentity", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // The structs of the Arrow C data interface, which frames cross library borders in.
        .target(name: "CArrowData"),
        .target(
            name: "DataFrames",
            dependencies: ["RembusSupport", "CArrowData", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .target(name: "CRembusChecksum"),
        .target(
            name: "RembusStore",
            dependencies: [
                "RembusSupport", "RembusWire", "CRembusChecksum",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // From a publication to typed rows of tables, without a database.
        .target(
            name: "RembusTables",
            dependencies: [
                "RembusSupport", "RembusWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // DuckDB's header; the library itself is loaded when the broker needs it, so that it starts without.
        .systemLibrary(name: "CDuckDB", pkgConfig: "duckdb"),
        .target(name: "CDuckDBLoader", dependencies: ["CDuckDB"]),
        .target(
            name: "RembusLake",
            dependencies: [
                "RembusSupport", "RembusWire", "DataFrames", "CArrowData", "RembusStore", "RembusTables", "CDuckDB",
                "CDuckDBLoader",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "RembusBroker",
            dependencies: [
                "RembusSupport", "RembusWire", "RembusTransport", "RembusListening", "RembusStore", "RembusTables",
                "RembusIdentity",
                "RembusTrust",
                "DataFrames",
                "RembusMetrics",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics", condition: server),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: services),
            ],
            swiftSettings: strict),
        // MQTT 3.1.1 and 5: packets, topics, payloads, and the client's end of a connection.
        .target(
            name: "RembusMQTT",
            dependencies: [
                "RembusSupport", "RembusWire", "RembusTransport", "DataFrames",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        // The gateways of the broker that are more than framing: each a module of its own over the broker's sessions.
        .target(
            name: "RembusMQTTServer",
            dependencies: [
                "RembusSupport", "RembusBroker", "RembusMQTT", "RembusWire", "RembusTransport", "RembusListening",
                "RembusTrust",
                "RembusStore",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: tls),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "RembusHTTP",
            dependencies: [
                "RembusBroker", "RembusMetrics", "RembusWire", "RembusTransport", "RembusListening", "RembusTrust",
                "DataFrames",
                .product(name: "HummingbirdCore", package: "hummingbird", condition: server),
                .product(name: "Crypto", package: "swift-crypto", condition: keys),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: tls),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // Links that the broker makes to other brokers.
        .target(
            name: "RembusMesh",
            dependencies: [
                "Rembus", "RembusBroker", "RembusTransport", "RembusListening", "RembusIdentity", "RembusWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // Metrics of swift-metrics as Prometheus text.
        .target(
            name: "RembusMetrics",
            dependencies: [
                .product(name: "CoreMetrics", package: "swift-metrics", condition: server)
            ],
            swiftSettings: strict),
        // Without pkg-config: what that says of libzmq holds flags that SwiftPM warns of and does not need.
        .systemLibrary(name: "CZeroMQ", providers: [.apt(["libzmq3-dev"]), .brew(["zeromq"])]),
        // ZeroMQ, both ends (protocol.md §12).
        .target(
            name: "RembusZeroMQ",
            dependencies: [
                "RembusSupport", "CZeroMQ", "RembusWire", "RembusTransport", "RembusListening",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "Rembus",
            dependencies: [
                "RembusWire", "RembusTransport", "RembusIdentity", "RembusMQTT", "DataFrames",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: services),
            ],
            swiftSettings: strict),
        // Brokers for tests. Knows no test library, so that either can be used.
        .target(
            name: "RembusTesting",
            dependencies: [
                "RembusSupport", "RembusBroker", "RembusWire", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        // Broker, journal, lake, rights and gateways put together from one configuration.
        .target(
            name: "RembusServer",
            dependencies: [
                "Rembus", "RembusBroker", "RembusTransport", "RembusListening", "RembusWire", "RembusStore",
                "RembusTables",
                "RembusLake",
                "RembusIdentity", "RembusTrust", "RembusMQTTServer", "RembusHTTP", "RembusMesh",
                "RembusMetrics", .target(name: "RembusZeroMQ", condition: zeroMQ),
                .product(name: "Metrics", package: "swift-metrics", condition: server),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: services),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "rembus-cli",
            dependencies: [
                "RembusSupport", "Rembus", "RembusServer", "RembusBroker", "RembusTransport", "RembusListening",
                "RembusWire",
                "RembusTables", "RembusLake",
                "RembusIdentity", "RembusTrust", "DataFrames",
                .target(name: "RembusZeroMQ", condition: zeroMQ),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "X509", package: "swift-certificates", condition: server),
                .product(name: "SwiftASN1", package: "swift-asn1", condition: server),
                .product(name: "Crypto", package: "swift-crypto", condition: keys),
                .product(name: "ArgumentParser", package: "swift-argument-parser", condition: server),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: services),
                .product(name: "UnixSignals", package: "swift-service-lifecycle", condition: services),
                .product(name: "Histogram", package: "hdrhistogram-swift", condition: server),
            ],
            swiftSettings: strict),
        // `swift run -c release rembus-microbench`
        .executableTarget(
            name: "rembus-microbench",
            dependencies: [
                "RembusWire", "RembusTables", "DataFrames", .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Benchmarks/Micro",
            swiftSettings: strict),
        // Components that the tests of bad networks watch, for Tests/Interop.
        .executableTarget(
            name: "chaos-peer", dependencies: ["Rembus"], path: "Tests/ChaosPeer", swiftSettings: strict),
        // Reads and writes frames for Tests/DataFrames.
        .executableTarget(
            name: "frame-probe",
            dependencies: ["DataFrames", "CArrowData", .product(name: "NIOCore", package: "swift-nio")],
            path: "Tests/FrameProbe",
            swiftSettings: strict),
        .testTarget(name: "RembusSupportTests", dependencies: ["RembusSupport"], swiftSettings: strict),
        .testTarget(
            name: "RembusWireTests",
            dependencies: ["RembusWire", .product(name: "NIOCore", package: "swift-nio")],
            swiftSettings: strict),
        .testTarget(
            name: "RembusStoreTests",
            dependencies: [
                "RembusSupport", "RembusStore", "RembusWire", "CRembusChecksum", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusTablesTests",
            dependencies: [
                "RembusTables", "RembusWire",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "DataFramesTests",
            dependencies: [
                "DataFrames", "CArrowData", .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusLakeTests",
            dependencies: [
                "RembusSupport", "RembusLake", "RembusStore", "RembusTables", "RembusWire", "DataFrames", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusIdentityTests",
            dependencies: [
                "RembusIdentity", .product(name: "Crypto", package: "swift-crypto", condition: keys),
                .product(name: "CryptoExtras", package: "swift-crypto", condition: keys),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusTrustTests",
            dependencies: ["RembusTrust", "RembusIdentity", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        // Authorities, certificates and folders that live as long as a test, and ports that nobody else takes.
        .target(
            name: "TestSupport",
            dependencies: [
                .product(name: "X509", package: "swift-certificates", condition: server),
                .product(name: "SwiftASN1", package: "swift-asn1", condition: server),
                .product(name: "Crypto", package: "swift-crypto", condition: keys),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(
            name: "RembusTransportTests",
            dependencies: [
                "RembusSupport", "RembusTransport", "RembusListening", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: tls),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusBrokerTests",
            dependencies: [
                "RembusSupport", "RembusBroker", "RembusMetrics", "RembusWire", "RembusTransport", "RembusListening",
                "RembusStore", "RembusTrust", "RembusTesting", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics", condition: server),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusMeshTests",
            dependencies: [
                "RembusMesh", "Rembus", "RembusBroker", "RembusIdentity", "RembusWire",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusTestingTests",
            dependencies: ["RembusTesting", "Rembus", "RembusBroker", "RembusWire"],
            swiftSettings: strict),
        .testTarget(
            name: "RembusServerTests",
            dependencies: [
                "RembusServer", "RembusBroker", "Rembus", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: services),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusTests",
            dependencies: [
                "Rembus", "RembusWire", "RembusTransport", "RembusListening", "DataFrames", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: services),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusMQTTTests",
            dependencies: [
                "RembusMQTT", "RembusWire",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusMQTTServerTests",
            dependencies: [
                "RembusMQTTServer", "RembusMQTT", "RembusBroker", "RembusStore", "RembusWire", "RembusTransport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusHTTPTests",
            dependencies: [
                "RembusHTTP", "RembusBroker", "RembusMetrics", "RembusTesting", "RembusWire",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "RembusMetricsTests",
            dependencies: ["RembusMetrics", .product(name: "Metrics", package: "swift-metrics", condition: server)],
            swiftSettings: strict),
        .testTarget(
            name: "RembusZeroMQTests",
            dependencies: [
                .target(name: "RembusZeroMQ", condition: zeroMQ), "RembusWire", "RembusTransport",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "InteropTests",
            dependencies: ["Rembus", "TestSupport"],
            swiftSettings: strict),
    ]
)
