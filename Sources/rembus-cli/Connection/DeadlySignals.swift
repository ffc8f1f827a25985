import Dispatch
import Foundation
import Synchronization

/// Signals that end a command: what is to be said before, is said.
enum DeadlySignals {
    // Dispatch sources may be used from any thread.
    private struct Sources: @unchecked Sendable {
        var all: [any DispatchSourceSignal] = []
    }

    private static let sources = Mutex(Sources())

    /// Has SIGINT and SIGTERM end the process behind `last`. The process ends by the signal itself, from which shells see that
    /// the rest of a script is not wanted either.
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
