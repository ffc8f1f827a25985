import Logging
import RembusListening
import Synchronization

extension BrokerCore {
    /// Limits connections so that they leave the file descriptors that files need. Called when everything is open.
    func limitToDescriptors() {
        guard let open = Descriptors.open else { return }
        let limit = Descriptors.limit
        admission.limit(toDescriptors: limit - open - Descriptors.reserve(ofLimit: limit))
    }
}

/// Logs that connections are refused for want of file descriptors: at once, and then from time to time.
final class DescriptorWatch: Sendable {
    private struct State {
        var refused = 0
        var sayAgain = ContinuousClock.now
    }

    private let state = Mutex(State())
    private static let interval = Duration.seconds(30)

    /// Called regularly.
    func look(_ admission: ConnectionAdmission, _ logger: Logger) {
        let refused = admission.refusals[.outOfDescriptors, default: 0]
        let news = state.withLock { state -> Int? in
            guard refused > state.refused, state.sayAgain <= .now else { return nil }
            defer { state = State(refused: refused, sayAgain: .now + Self.interval) }
            return refused - state.refused
        }
        guard let news else { return }
        let limit = Descriptors.limit
        logger.error(
            """
            out of file descriptors: \(news) connections were refused, with \(admission.openConnections) open. This process may \
            have \(limit), of which \(Descriptors.reserve(ofLimit: limit)) are kept for files: raise the limit (`ulimit -n`, \
            LimitNOFILE= of systemd) above max_connections
            """)
    }
}
