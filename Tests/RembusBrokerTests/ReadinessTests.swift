import Logging
import Synchronization
import TestSupport
import Testing

@testable import RembusBroker

/// Whether a broker should be sent requests, and what its log says of it.
@Suite(.timeLimit(.minutes(5)))
struct ReadinessTests {
    @Test func reasonsComeInTheirOrderAndChangesAreLoggedOnce() {
        let storage = Mutex<Set<UnreadyReason>>([])
        let readiness = Readiness { storage.withLock { $0 } }
        let log = LogRecorder(.trace)
        let logger = log.logger
        readiness.logChanges(logger)
        #expect(readiness.reasons == [])
        storage.withLock { $0 = [.lake, .journal] }
        #expect(readiness.reasons == [.journal, .lake])
        readiness.logChanges(logger)
        readiness.logChanges(logger)
        storage.withLock { $0 = [] }
        readiness.logChanges(logger)
        let entries = log.entries
        #expect(entries.map(\.level) == [.warning, .notice])
        #expect(entries.first?.message.hasPrefix("not ready: the journal cannot be written") == true)
        #expect(entries.last?.message.hasPrefix("ready again after 0 seconds") == true)
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
