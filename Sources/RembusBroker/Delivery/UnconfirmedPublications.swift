import RembusStore
import RembusWire

/// Recognises the copies of QoS 1 publications that still wait for the disk: a publisher whose acknowledgement is late
/// sends again what is on its way already (behaviour.md §7).
///
/// Not by the id alone: a client that uses one id for several publications loses none. Once acknowledged a publication is
/// forgotten, and the same one is a new one.
struct UnconfirmedPublications {
    private var contents: [MessageID: UInt32] = [:]

    var count: Int { contents.count }

    /// Notes a publication; false when it is a copy of one that waits.
    mutating func begin(_ id: MessageID, _ bytes: UnsafeRawBufferPointer) -> Bool {
        let content = Checksum.of(bytes)
        return contents.updateValue(content, forKey: id) != content
    }

    /// It is acknowledged, or was not taken.
    mutating func end(_ id: MessageID) {
        contents.removeValue(forKey: id)
    }
}
