// swift-tools-version: 6.2
import PackageDescription

/// Small programs that use the SDK as any other package would.
let package = Package(
    name: "rembus-examples",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "rembus", path: "..")],
    targets: ["quickstart", "rpc", "script", "frames"].map {
        .executableTarget(
            name: $0, dependencies: [.product(name: "Rembus", package: "rembus")],
            swiftSettings: [.swiftLanguageMode(.v6)])
    }
)
