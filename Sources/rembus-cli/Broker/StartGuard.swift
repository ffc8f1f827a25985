import Dispatch
import Foundation
import Synchronization

/// Ends the process when it is asked to stop while it still reads the state of an earlier run. Nothing has been
/// accepted at that time, so a start can be cut off anywhere.
///
/// Without this the system would end the process with the exit status of a failure, and would not end it at all as the
/// first process of a container.
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
                // Nothing is cleaned up, because other threads are still working.
                source.setEventHandler { _exit(0) }
                source.resume()
                sources.all.append(source)
            }
        }
    }

    /// Stops handling the signals, because another handler takes over.
    func end() {
        sources.withLock { sources in
            for source in sources.all { source.cancel() }
            sources.all = []
        }
    }
}
