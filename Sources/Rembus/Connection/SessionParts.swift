import NIOCore
import Synchronization

/// What a session is made of; everything that it shares with other threads.
struct SessionParts: Sendable {
    var eventLoop: any EventLoop
    var name: String?
    var settings: Settings
    var configuration: ComponentConfiguration
    var submissions: Submissions
    var states: StateHub
    var ids: MessageIDSource
    var counters: Counters
}

/// Figures that any thread may read.
final class Counters: Sendable {
    /// Requests and publications that wait for an answer.
    private let inFlightCount = Atomic<Int>(0)

    var inFlight: Int {
        get { inFlightCount.load(ordering: .relaxed) }
        set { inFlightCount.store(newValue, ordering: .relaxed) }
    }
}
