import Logging
import NIOCore
import Synchronization

/// Forgets names whose time is over, and logs now and then that names were forgotten for want of room.
final class ForgottenNames: Sendable {
    private struct State {
        var nextScan = NIODeadline.now()
        var nextLine = NIODeadline.now()
        var reported = 0
    }

    private let core: BrokerCore
    private let state = Mutex(State())
    private let interval: TimeAmount
    private static let logInterval = TimeAmount.minutes(1)

    init(core: BrokerCore) {
        self.core = core
        let expiry = TimeAmount(core.configuration.limits.nameExpiry)
        // The search looks at every name under the lock of the routing tables, so it is not frequent.
        interval =
            expiry == .zero ? .minutes(1) : min(max(.nanoseconds(expiry.nanoseconds / 10), .seconds(1)), .minutes(1))
    }

    /// Called once a second, on any thread but an event loop's.
    func look() {
        let now = NIODeadline.now()
        let isDue = state.withLock { state in
            guard state.nextScan <= now else { return false }
            state.nextScan = now + interval
            return true
        }
        if isDue { core.tables.forgetExpired() }
        let forgotten =
            core.counters.forgottenForRoom.load(ordering: .relaxed)
            + core.counters.notRemembered.load(ordering: .relaxed)
        let count = state.withLock { state in
            guard forgotten > state.reported, state.nextLine <= now else { return 0 }
            state.nextLine = now + Self.logInterval
            defer { state.reported = forgotten }
            return forgotten - state.reported
        }
        guard count > 0 else { return }
        core.logger.warning(
            """
            forgot \(count) names without a proof of identity, with their subscriptions, because there was no room for \
            them (max_remembered_names, max_remembered_bytes and those per address); components with a key are not \
            forgotten, see `rembus register`
            """)
    }
}
