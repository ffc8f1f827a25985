import RembusWire

/// One topic or pattern that a component subscribed, and how far its delivery has come (behaviour.md §5, §11).
///
/// Touched on the event loop of the session that owns it; while its component is offline, by nobody.
final class Subscription {
    enum Mode {
        /// Publications are pushed as they come.
        case live
        /// What the mark has not reached yet is read from the store; pushed publications are left to it.
        case catchingUp
    }

    let topic: String
    /// nil for an exact topic.
    let pattern: TopicPattern?
    /// The pattern as a CBOR text item, ready to be spliced into deliveries; empty for an exact topic.
    let encodedPattern: [UInt8]
    /// How far back the subscriber wants to go, nanoseconds; infinity for "everything not yet received".
    var messageFrom: Double
    @exclusivity(unchecked) var mode = Mode.live
    /// Receive times at or below this are outside the wanted window.
    var cutoff: UInt64 = 0
    /// Per partition of the store, the receive time of the newest publication that was delivered. Publications of one
    /// partition come in order, so everything up to the mark is done.
    @exclusivity(unchecked) var marks: [UInt64]

    init(topic: String, messageFrom: Double, marks: [UInt64]) {
        self.topic = topic
        self.messageFrom = messageFrom
        self.marks = marks
        if TopicPattern.isPattern(topic) {
            pattern = TopicPattern(topic)
            let utf8 = Array(topic.utf8)
            encodedPattern = [UInt8](
                unsafeUninitializedCapacity: utf8.count + 9
            ) { target, count in
                guard let base = target.baseAddress else { return }
                var writer = FrameWriter(UnsafeMutableRawPointer(base))
                writer.head(major: 3, utf8.count)
                writer.copy(utf8)
                count = writer.cursor - UnsafeMutableRawPointer(base)
            }
        } else {
            pattern = nil
            encodedPattern = []
        }
    }

    var isPattern: Bool { pattern != nil }

    /// Moves every mark to `time`: nothing older is wanted.
    func skip(to time: UInt64) {
        for index in marks.indices where marks[index] < time { marks[index] = time }
    }
}
