import Dispatch
import Foundation
import Synchronization

/// Ends the process when it is asked to stop while it still reads what an earlier run left: nothing has been accepted yet,
/// and a start can be cut off anywhere.
///
/// Without it that is up to the system, which gives an exit status of failure, and as the first process of a container
/// does not end it at all.
final class StartGuard: Sendable {
    // Dispatch sources may be used from any thread.
    private struct Sources: @unchecked Sendable {
        var all: [any DispatchSourceSignal] = []
    }

    private let sources = Mutex(Sources())

    init() {
        sources.withLock { sources in
            for number in [SIGTERM, SIGINT] {
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
                // Nothing is tidied up: other threads are in the middle of something.
                source.setEventHandler { _exit(0) }
                source.resume()
                sources.all.append(source)
            }
        }
    }

    /// From here on somebody else listens to the signals.
    func end() {
        sources.withLock { sources in
            for source in sources.all { source.cancel() }
            sources.all = []
        }
    }
}
