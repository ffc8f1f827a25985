import RembusListening
import Synchronization

/// Reports as events, once a second, what is only counted. So a flood of occurrences costs no more than one.
final class EventTotals: Sendable {
    private let last = Mutex<Totals?>(nil)

    /// The counts since the start of the broker.
    private struct Totals {
        var refused: [ConnectionRefusal: Int] = [:]
        var dropped: [Key: UInt64] = [:]
        var storage = StorageFigures()

        /// Identifies a count of lost messages.
        struct Key: Hashable, Comparable {
            var reason: BrokerEvent.Drop.Reason
            var table = ""

            static func < (left: Key, right: Key) -> Bool {
                (left.reason.rawValue, left.table) < (right.reason.rawValue, right.table)
            }
        }

        init(_ core: BrokerCore) {
            refused = core.admission.refusals
            let counters = core.counters
            dropped = [
                Key(reason: .topic): counters.dropped(.topic), Key(reason: .backlog): counters.dropped(.backlog),
                Key(reason: .answer): counters.dropped(.answer), Key(reason: .gateway): counters.dropped(.gateway),
                Key(reason: .unacknowledged): UInt64(counters.unacknowledged.load(ordering: .relaxed)),
                Key(reason: .overtaken): counters.overrunBytes.load(ordering: .relaxed),
            ]
            storage = core.storage.figures()
            if let journal = storage.journal {
                dropped[Key(reason: .pressure)] = journal.shedByPressure
                dropped[Key(reason: .journal)] = journal.shedByFailure
            }
            for (table, count) in storage.shed { dropped[Key(reason: .table, table: table)] = count }
        }
    }

    /// Takes the current counts as the starting point, because the first reader begins now.
    func begin(_ core: BrokerCore) {
        let now = Totals(core)
        last.withLock { last in
            if last == nil || !core.events.isRead { last = now }
        }
    }

    /// Called once a second, and at the end; not on an event loop.
    func look(_ core: BrokerCore) {
        guard core.events.isRead else { return }
        let now = Totals(core)
        let before = last.withLock { last in
            defer { last = now }
            return last
        }
        guard let before else { return }
        for kind in Self.refusals(before, now) + Self.drops(before, now) + Self.retention(before, now)
            + Self.maintenance(before, now)
        {
            core.events.emit(kind)
        }
    }

    private static func refusals(_ before: Totals, _ now: Totals) -> [BrokerEvent.Kind] {
        ConnectionRefusal.allCases.compactMap { reason in
            let count = now.refused[reason, default: 0] - before.refused[reason, default: 0]
            guard count > 0 else { return nil }
            return .refused(BrokerEvent.Refusal(cause: .connection, text: reason.rawValue, count: count))
        }
    }

    private static func drops(_ before: Totals, _ now: Totals) -> [BrokerEvent.Kind] {
        now.dropped.sorted { $0.key < $1.key }.compactMap { key, total in
            let known = before.dropped[key, default: 0]
            guard total > known else { return nil }
            let growth = Int(clamping: total - known)
            let isBytes = key.reason == .overtaken
            return .dropped(
                BrokerEvent.Drop(
                    reason: key.reason, count: isBytes ? 0 : growth, bytes: isBytes ? growth : 0,
                    table: key.table.isEmpty ? nil : key.table))
        }
    }

    private static func retention(_ before: Totals, _ now: Totals) -> [BrokerEvent.Kind] {
        var kinds: [BrokerEvent.Kind] = []
        if let old = before.storage.journal, let new = now.storage.journal, new.removedFiles > old.removedFiles {
            kinds.append(
                .retention(
                    BrokerEvent.Retention(
                        place: .journal, publications: 0, files: Int(clamping: new.removedFiles - old.removedFiles),
                        bytes: Int(clamping: new.removedBytes - old.removedBytes))))
        }
        if let old = before.storage.lake, let new = now.storage.lake, new.expired > old.expired {
            kinds.append(
                .retention(
                    BrokerEvent.Retention(
                        place: .lake, publications: Int(clamping: new.expired - old.expired), files: 0, bytes: 0)))
        }
        return kinds
    }

    private static func maintenance(_ before: Totals, _ now: Totals) -> [BrokerEvent.Kind] {
        let (old, new) = (before.storage.lake?.maintenance ?? [:], now.storage.lake?.maintenance ?? [:])
        return new.sorted { $0.key < $1.key }.compactMap { name, step in
            let known = old[name] ?? BrokerStatus.Lake.Step()
            guard step.count > known.count else { return nil }
            return .maintenance(
                BrokerEvent.Maintenance(
                    step: name, count: Int(clamping: step.count - known.count),
                    failures: Int(clamping: step.failures - known.failures), seconds: step.seconds - known.seconds))
        }
    }
}
