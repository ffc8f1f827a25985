package import NIOCore
import RembusSupport

/// The clocks of a broker, which a test can replace.
///
/// Deadlines of connections are on the clock of their event loop, which tests can move too.
package struct BrokerClock: Sendable {
    /// The time of day, nanoseconds since 1970-01-01 00:00 UTC.
    package let wall: @Sendable () -> UInt64
    /// The time since an arbitrary start, on the same scale as the deadlines of event loops.
    package let uptime: @Sendable () -> NIODeadline

    package init(wall: @escaping @Sendable () -> UInt64, uptime: @escaping @Sendable () -> NIODeadline) {
        self.wall = wall
        self.uptime = uptime
    }

    /// The clocks of the system.
    package static let system = BrokerClock(wall: { WallClock.nanoseconds() }, uptime: { .now() })
}
