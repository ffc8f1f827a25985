import Dispatch
import Foundation
import Synchronization

/// Signals that end a command after a last output.
enum DeadlySignals {
    // Dispatch sources may be used from any thread.
    private struct Sources: @unchecked Sendable {
        var all: [any DispatchSourceSignal] = []
    }

    private static let sources = Mutex(Sources())

    /// Calls `last` on SIGINT or SIGTERM, and then ends the process with the same signal, so that a shell stops its
    /// script too.
    static func beforeEnd(_ last: @escaping @Sendable () -> Void) {
        sources.withLock { sources in
            for number in [SIGINT, SIGTERM] {
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global(qos: .userInitiated))
                source.setEventHandler {
                    last()
                    signal(number, SIG_DFL)
                    // The process may have been started with the signal blocked.
                    var signals = sigset_t()
                    sigemptyset(&signals)
                    sigaddset(&signals, number)
                    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
                    raise(number)
                    _exit(128 + number)
                }
                source.resume()
                sources.all.append(source)
            }
        }
    }
}
