package import NIOCore
import RembusSupport

/// Where a broker gets the time from that it does not take from its event loops, so that a test can move it.
///
/// Deadlines of connections come from their event loop, whose time a test moves as well.
package struct BrokerClock: Sendable {
    /// The time of day, nanoseconds since 1970-01-01 00:00 UTC.
    package let wall: @Sendable () -> UInt64
    /// The time since a start that means nothing, on the scale of the event loops.
    package let uptime: @Sendable () -> NIODeadline

    package init(wall: @escaping @Sendable () -> UInt64, uptime: @escaping @Sendable () -> NIODeadline) {
        self.wall = wall
        self.uptime = uptime
    }

    /// The clocks of the system.
    package static let system = BrokerClock(wall: { WallClock.nanoseconds() }, uptime: { .now() })
}
