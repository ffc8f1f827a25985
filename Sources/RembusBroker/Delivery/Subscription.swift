import RembusStore
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
        /// The subscriber has not been told that it is one: nothing comes before that.
        case unanswered
        /// The last values of its topics are being sent, and come first.
        case beginning
    }

    let topic: String
    /// The topic or pattern that publications are compared with: `topic`, or what it stands for in its namespace.
    let matched: String
    /// Whose clients have such subscriptions; nil for those of components.
    let namespace: SubscriptionNamespace?
    /// What a member of a group has besides; nil for a subscription that nobody shares.
    let share: GroupShare?
    /// Stands for a client's subscription in what is written down of its deliveries; 0 for components.
    let key: UInt64
    /// nil for an exact topic.
    let pattern: TopicPattern?
    /// The pattern as a CBOR text item, ready to be spliced into deliveries; empty for an exact topic.
    let encodedPattern: [UInt8]
    /// How far back the subscriber wants to go, nanoseconds; infinity for "everything not yet received".
    var messageFrom: Double
    @exclusivity(unchecked) var mode = Mode.live
    /// Whether the component also gets what it publishes itself.
    var hearsOwn = false
    /// Whether it is that of another broker, which gets publications as they were published, and each once.
    @exclusivity(unchecked) var isForwarding = false
    /// What was published above is sent at this QoS.
    @exclusivity(unchecked) var highestQoS = QoS.exactlyOnce
    /// What the connection's sink is told with each delivery.
    @exclusivity(unchecked) var tag = 0
    /// Whether it is to begin with the last values of its topics, when delivery starts.
    var wantsLastValues = false
    /// Publications at QoS 0 that were received at or before this time passed while the component was away.
    var passingUntil: UInt64 = 0
    /// Receive times at or below this are outside the wanted window.
    var cutoff: UInt64 = 0
    /// Per partition of the store, the receive time of the newest publication that was delivered. Publications of one
    /// partition come in order, so everything up to the mark is done.
    @exclusivity(unchecked) var marks: [UInt64]
    /// Receive times at or below the marks of publications that an earlier run of the broker sent and nobody acknowledged.
    var owed: Set<UInt64> = []
    /// Receive times above the marks of publications that an earlier run has delivered: they are not to come again.
    var taken: Set<UInt64> = []
    /// True when the marks have moved since they were last written down.
    @exclusivity(unchecked) var hasMoved = false

    init(topic: String, messageFrom: Double, marks: [UInt64], in namespace: SubscriptionNamespace? = nil) {
        self.topic = topic
        self.messageFrom = messageFrom
        self.marks = marks
        self.namespace = namespace
        if let namespace {
            let meaning = namespace.meaning(of: topic)
            key = SubscriptionNamespace.key(ofText: topic)
            matched = meaning.topic
            pattern = meaning.pattern
            share = meaning.isShared ? GroupShare() : nil
            encodedPattern = []
            return
        }
        key = 0
        share = nil
        matched = topic
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

    /// What people know it by: a gateway's client knows nothing of the prefix.
    var shown: String { namespace?.own(topic) ?? topic }

    /// Whether everything is sent without an acknowledgement.
    @inline(__always)
    var needsNoAcknowledgement: Bool { highestQoS == .atMostOnce }

    /// Whether a publication read from the store is still to be sent.
    func wants(_ receivedAt: UInt64, partition: Int) -> Bool {
        receivedAt > cutoff && (receivedAt > marks[partition] || (!owed.isEmpty && owed.contains(receivedAt)))
    }

    /// Notes that a publication was sent.
    @inline(__always)
    func sent(_ receivedAt: UInt64, partition: Int) {
        hasMoved = true
        if receivedAt > marks[partition] {
            marks[partition] = receivedAt
        } else {
            owed.remove(receivedAt)
        }
    }

    /// The receive time behind which a reader has to begin to see everything that is wanted.
    func start(partition: Int, partitionCount: Int) -> UInt64 {
        var time = marks[partition]
        for owed in owed where RecordHeader.partition(of: owed, count: partitionCount) == partition {
            time = min(time, owed &- 1)
        }
        return max(time, cutoff)
    }

    /// Moves the marks on to those of each partition. What is owed stays so.
    func advance(to marks: [UInt64]) {
        for index in self.marks.indices where self.marks[index] < marks[index] {
            self.marks[index] = marks[index]
            hasMoved = true
        }
    }

    /// Moves the marks to those of each partition: nothing older is wanted.
    func skip(to marks: [UInt64]) {
        for index in self.marks.indices where self.marks[index] < marks[index] { self.marks[index] = marks[index] }
        owed = []
        hasMoved = true
    }

    /// Moves every mark to `time`: nothing older is wanted.
    func skip(to time: UInt64) {
        for index in marks.indices where marks[index] < time { marks[index] = time }
        owed = []
        hasMoved = true
    }
}
