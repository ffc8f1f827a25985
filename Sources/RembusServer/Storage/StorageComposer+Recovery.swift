import Foundation
import NIOCore
import RembusBroker
import RembusLake
import RembusStore
import RembusWire

/// Recovering the state of an earlier run.
extension StorageComposer {
    /// The state in the catalog; nil without tables, and while the catalog cannot be reached.
    func storedState(_ lake: Lake?, withComponents: Bool) throws -> Lake.StoredState? {
        guard let lake, lake.absence == nil else { return nil }
        do {
            return try lake.storedState(withComponents: withComponents)
        } catch {
            throw BrokerError("\(error)")
        }
    }

    /// The publications at QoS 2 that their publishers, which are named components, may send again (behaviour.md §7).
    func recentPublications(_ journal: JournalStore) throws -> [RecentPublication] {
        let since = UInt64(max(0, Date.now.timeIntervalSince1970 - 600) * 1e9)
        var ids: [UInt32: CircularBuffer<(id: MessageID, receivedAt: UInt64)>] = [:]
        let limit = configuration.limits.maxDuplicateIDs
        do {
            try journal.forEachRecord(since: since) { record, message, _ in
                guard record.publisher != 0, case .regular(let header) = FrameHeader.parse(message),
                    header.flags.qos == .exactlyOnce, let id = header.id(in: message)
                else { return }
                ids[record.publisher, default: CircularBuffer()].append((id, record.receivedAt))
                if let count = ids[record.publisher]?.count, count > limit { ids[record.publisher]?.removeFirst() }
            }
        } catch {
            throw BrokerError("\(error)")
        }
        return ids.flatMap { number, ids in
            journal.name(of: number).map { name in
                ids.map { RecentPublication(publisher: name, id: $0.id, receivedAt: $0.receivedAt) }
            } ?? []
        }
    }
}
