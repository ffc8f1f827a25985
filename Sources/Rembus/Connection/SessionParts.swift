import NIOCore
import Synchronization

/// The objects that a session shares with other threads.
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

/// Counts that any thread may read.
final class Counters: Sendable {
    /// Open requests and publications.
    private let inFlightCount = Atomic<Int>(0)

    var inFlight: Int {
        get { inFlightCount.load(ordering: .relaxed) }
        set { inFlightCount.store(newValue, ordering: .relaxed) }
    }
}
