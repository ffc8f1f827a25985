// swift-tools-version: 6.2
import PackageDescription

// Coverage-guided fuzzing of the decoders with libFuzzer, see README.md. A package of its own: the flags that libFuzzer needs
// are unsafe ones, which a package that others depend on must not have.
let fuzzing: [SwiftSetting] = [.unsafeFlags(["-sanitize=fuzzer"])]
// Not the default linker, which fails on the coverage tables.
let linking: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]

let package = Package(
    name: "rembus-fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "rembus", path: "..", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    ],
    targets: [
        .target(name: "FuzzDriver", swiftSettings: fuzzing)
    ]
        + ["FuzzCBORValue", "FuzzCBORMessage", "FuzzJSONValue", "FuzzJSONMessage", "FuzzArrow"].map { name in
            .executableTarget(
                name: name,
                dependencies: [
                    "FuzzDriver",
                    .product(name: "RembusWire", package: "rembus"), .product(name: "DataFrames", package: "rembus"),
                    .product(name: "NIOCore", package: "swift-nio"),
                ],
                swiftSettings: fuzzing, linkerSettings: linking)
        }
)
