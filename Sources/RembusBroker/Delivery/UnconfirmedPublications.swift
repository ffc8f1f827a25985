import RembusStore
import RembusWire

/// Recognises the copies of QoS 1 publications that still wait for the disk: a publisher whose acknowledgement is late
/// sends again what is on its way already (behaviour.md §7).
///
/// Not by the id alone: a client that uses one id for several publications loses none. Once acknowledged a publication is
/// forgotten, and the same one is a new one. What is acknowledged at the end of its unit of work, as all that is not
/// recorded, costs no look-up.
struct UnconfirmedPublications {
    private struct Publication {
        let id: MessageID
        let content: UInt32
    }

    private var waiting: [MessageID: UInt32] = [:]
    /// Those of the unit of work that goes on.
    private var fresh: [Publication] = []

    var count: Int { waiting.count + fresh.count }

    /// Notes a publication; false when it is a copy of one that waits.
    mutating func begin(_ id: MessageID, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let content = Checksum.of(bytes)
        if !waiting.isEmpty, waiting[id] == content { return false }
        fresh.append(Publication(id: id, content: content))
        return true
    }

    /// The last one was not taken.
    mutating func takeBack() {
        fresh.removeLast()
    }

    /// The unit of work has ended, and the disk has what came in it or not.
    mutating func endUnit(isDurable: Bool) {
        guard !fresh.isEmpty else { return }
        if !isDurable {
            for publication in fresh { waiting[publication.id] = publication.content }
        }
        fresh.removeAll(keepingCapacity: true)
    }

    /// It is acknowledged.
    mutating func end(_ id: MessageID) {
        if !waiting.isEmpty { waiting.removeValue(forKey: id) }
    }
}
