import Foundation
import NIOCore
import RembusBroker
import Synchronization

/// The clocks of a broker in process. They stand still until the test moves them.
final class ManualClock: Sendable {
    /// Every reading of the time of day advances it by this many nanoseconds, so that later events have later times.
    private static let look: UInt64 = 10_000

    private let wall: Atomic<UInt64>
    private let uptime = Atomic<UInt64>(0)

    init(at date: Date) {
        wall = Atomic(UInt64(max(0, date.timeIntervalSince1970) * 1e9))
    }

    func advance(by amount: TimeAmount) {
        wall.wrappingAdd(UInt64(max(0, amount.nanoseconds)), ordering: .relaxed)
        uptime.wrappingAdd(UInt64(max(0, amount.nanoseconds)), ordering: .relaxed)
    }

    var clock: BrokerClock {
        BrokerClock(
            wall: { self.wall.wrappingAdd(Self.look, ordering: .relaxed).newValue },
            uptime: { .uptimeNanoseconds(self.uptime.load(ordering: .relaxed)) })
    }
}
