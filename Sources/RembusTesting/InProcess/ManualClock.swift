import Foundation
import NIOCore
import RembusBroker
import Synchronization

/// The clocks of a broker in process: they stand still until the test moves them.
final class ManualClock: Sendable {
    /// Every look at the time of day takes this long, so that what happens later has a later time.
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
