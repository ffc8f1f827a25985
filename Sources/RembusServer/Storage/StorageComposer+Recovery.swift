import Foundation
import NIOCore
import RembusBroker
import RembusLake
import RembusStore
import RembusWire

/// What an earlier run left.
extension StorageComposer {
    /// Nil without tables, and while their catalog cannot be reached.
    func storedState(_ lake: Lake?, withComponents: Bool) throws -> Lake.StoredState? {
        guard let lake, lake.absence == nil else { return nil }
        do {
            return try lake.storedState(withComponents: withComponents)
        } catch {
            throw BrokerError("\(error)")
        }
    }

    /// The QoS 2 publications that their publishers may send again, of named components (behaviour.md §7).
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
