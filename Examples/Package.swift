// swift-tools-version: 6.2
import PackageDescription

/// Small programs that use the SDK, one that embeds a broker, and tests, as any other package would have them.
let package = Package(
    name: "rembus-examples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "rembus", path: ".."),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: ["quickstart", "rpc", "script", "frames"].map {
        .executableTarget(
            name: $0, dependencies: [.product(name: "Rembus", package: "rembus")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    } + [
        .executableTarget(
            name: "embedded",
            dependencies: [
                .product(name: "RembusServer", package: "rembus"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)]),
        .testTarget(
            name: "PlantTests",
            dependencies: [
                .product(name: "Rembus", package: "rembus"), .product(name: "RembusTesting", package: "rembus"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6)]),
    ]
)
