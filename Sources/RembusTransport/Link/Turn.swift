package import NIOCore

/// Limits how long one connection keeps its event loop. Messages beyond that wait while other connections are served.
///
/// The limit is a time and not a count, because the work for a message varies: one publication can have a thousand
/// subscribers.
package struct Turn {
    /// Longer than a full read of a fast publisher takes, so that only expensive reads are divided.
    static let longest = TimeAmount.milliseconds(10)
    /// The clock is read once for so many messages, because reading it costs as much as a small message.
    static let stride = 16

    private var end = NIODeadline.distantFuture
    private var left = Turn.stride

    package init() {}

    package mutating func begin(at now: NIODeadline) {
        end = now + Self.longest
        left = Self.stride
    }

    /// Counts a message. Returns true when the clock should be read.
    @inline(__always)
    package mutating func isClockDue() -> Bool {
        left &-= 1
        guard left <= 0 else { return false }
        left = Self.stride
        return true
    }

    package func isOver(at now: NIODeadline) -> Bool { now >= end }
}
