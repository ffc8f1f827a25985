package import NIOCore

/// Bounds how long one connection keeps its event loop: what it has sent beyond that waits, and the others go in between.
///
/// By time and not by count, because messages cost very different work: one publication can have a thousand subscribers.
package struct Turn {
    /// Longer than a full read of a fast publisher takes, so that only expensive ones are divided.
    static let longest = TimeAmount.milliseconds(10)
    /// The clock is read once for so many messages: it costs as much as a small one.
    static let stride = 16

    private var end = NIODeadline.distantFuture
    private var left = Turn.stride

    package init() {}

    package mutating func begin(at now: NIODeadline) {
        end = now + Self.longest
        left = Self.stride
    }

    /// Counts a message; true when it is time to look at the clock.
    @inline(__always)
    package mutating func isClockDue() -> Bool {
        left &-= 1
        guard left <= 0 else { return false }
        left = Self.stride
        return true
    }

    package func isOver(at now: NIODeadline) -> Bool { now >= end }
}
