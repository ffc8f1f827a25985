import NIOCore
import RembusWire

/// The methods that every node answers itself (behaviour.md §8).
enum BuiltIns {
    static let routerID = "rid"
    static let version = "version"
    static let uptime = "uptime"

    /// Names that are not listed in exports (protocol.md §9.1).
    static let unlisted = [routerID, version, uptime]

    static func install(in tables: RoutingTables, name: String, clock: BrokerClock) {
        let started = clock.uptime()
        tables.setHandler(.immediate { _ in .text(name) }, for: routerID)
        tables.setHandler(.immediate { _ in .text("swift_\(RembusVersion.current)") }, for: version)
        tables.setHandler(
            .immediate { _ in
                let seconds = (clock.uptime() - started).nanoseconds / 1_000_000_000
                return .text("up for \(seconds) seconds")
            }, for: uptime)
    }
}

/// The version of this implementation.
public enum RembusVersion {
    /// The version as `rembus --version` prints it. The method `version` answers with the same text after `swift_`.
    public static let current = "0.1.0"
}
