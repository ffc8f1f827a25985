import Logging
import Synchronization
import Testing

@testable import RembusBroker

/// Whether a broker should be sent requests, and what its log says of it.
@Suite(.timeLimit(.minutes(5)))
struct ReadinessTests {
    /// Keeps what is logged.
    private final class Lines: Sendable {
        let all = Mutex<[String]>([])
    }

    private struct Recorder: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.all.withLock { $0.append("\(event.level): \(event.message)") }
        }
    }

    @Test func reasonsComeInTheirOrderAndChangesAreLoggedOnce() {
        let storage = Mutex<Set<UnreadyReason>>([])
        let readiness = Readiness { storage.withLock { $0 } }
        let lines = Lines()
        let logger = Logger(label: "test") { _ in Recorder(lines: lines) }
        readiness.logChanges(logger)
        #expect(readiness.reasons == [])
        storage.withLock { $0 = [.lake, .journal] }
        #expect(readiness.reasons == [.journal, .lake])
        readiness.logChanges(logger)
        readiness.logChanges(logger)
        storage.withLock { $0 = [] }
        readiness.logChanges(logger)
        let logged = lines.all.withLock { $0 }
        #expect(logged.count == 2)
        #expect(logged.first?.hasPrefix("warning: not ready: the journal cannot be written") == true)
        #expect(logged.last?.hasPrefix("notice: ready again after 0 seconds") == true)
        #expect(!readiness.hasStopped)
        readiness.stop()
        #expect(readiness.hasStopped && readiness.reasons == [.stopping])
    }

    @Test func readersOfEventsAreToldOfEveryChangeOnce() async {
        let storage = Mutex<Set<UnreadyReason>>([])
        let readiness = Readiness { storage.withLock { $0 } }
        let hub = EventHub()
        var events = hub.events(limit: 10).makeAsyncIterator()
        for reasons: Set<UnreadyReason> in [[], [.journal], [.journal], [.lake, .journal], []] {
            storage.withLock { $0 = reasons }
            readiness.tellChanges(hub)
        }
        readiness.stop()
        readiness.tellChanges(hub)
        for reasons: [UnreadyReason] in [[.journal], [.journal, .lake], [], [.stopping]] {
            #expect(await events.next()?.kind == .readinessChanged(reasons))
        }
        hub.end()
        #expect(await events.next() == nil)
    }
}
