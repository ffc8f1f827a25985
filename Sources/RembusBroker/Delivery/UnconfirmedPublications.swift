import RembusStore
import RembusWire

/// Recognises the copies of recorded QoS 1 publications that still wait for the disk: a publisher whose acknowledgement is
/// late sends again what is on its way already (behaviour.md §7).
///
/// Not by the id alone: a client that uses one id for several publications loses none. Once acknowledged a publication is
/// forgotten, and the same one is a new one.
struct UnconfirmedPublications {
    private var contents: [MessageID: UInt32] = [:]

    var count: Int { contents.count }

    func isCopy(_ id: MessageID, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !contents.isEmpty, let content = contents[id] else { return false }
        return content == Checksum.of(bytes)
    }

    /// Notes one that waits from now on.
    mutating func begin(_ id: MessageID, _ bytes: UnsafeRawBufferPointer) {
        contents[id] = Checksum.of(bytes)
    }

    /// It is acknowledged.
    mutating func end(_ id: MessageID) {
        if !contents.isEmpty { contents.removeValue(forKey: id) }
    }
}
