import RembusStore
import RembusWire

/// One topic or pattern that a component has subscribed to, and how far its delivery has come (behaviour.md §5, §11).
///
/// It is used on the event loop of the session that owns it. While the component is offline, only the holder of the
/// routing tables' lock may touch it.
final class Subscription {
    enum Mode {
        /// Publications are delivered as they come.
        case live
        /// Publications above the mark are read from the store. A live publication is not delivered directly, since the
        /// reader will find it.
        case catchingUp
        /// The answer to the subscribe command has not left yet. Nothing is delivered before it.
        case unanswered
        /// The last values of its topics are being sent, and are delivered before anything else.
        case beginning
    }

    let topic: String
    /// The topic or pattern that publications are compared with: `topic`, or what `topic` means in its namespace.
    let matched: String
    /// The namespace of the gateway whose client has subscribed; nil for a component's subscription.
    let namespace: SubscriptionNamespace?
    /// The state of a member of a group; nil for a subscription that is not shared.
    let share: GroupShare?
    /// Identifies a client's subscription in the records of its deliveries; 0 for components.
    let key: UInt64
    /// The pattern; nil for an exact topic.
    let pattern: TopicPattern?
    /// The pattern as a CBOR text item, which is spliced into deliveries; empty for an exact topic.
    let encodedPattern: [UInt8]
    /// How far back the subscriber wants to go, in nanoseconds; infinity for "everything not yet received".
    var messageFrom: Double
    @exclusivity(unchecked) var mode = Mode.live
    /// Whether the component also gets what it publishes itself.
    var hearsOwn = false
    /// Whether it is that of another broker, which gets publications as they were published, and each once.
    @exclusivity(unchecked) var isForwarding = false
    /// What was published above is sent at this QoS.
    @exclusivity(unchecked) var highestQoS = QoS.exactlyOnce
    /// Passed to the connection's sink with each delivery.
    @exclusivity(unchecked) var tag = 0
    /// Whether the last values of its topics are to be sent first when delivery starts.
    var wantsLastValues = false
    /// Publications at QoS 0 with a receive time up to this one are skipped, because the component was away.
    var passingUntil: UInt64 = 0
    /// Publications with a receive time up to this one are outside the wanted window.
    var cutoff: UInt64 = 0
    /// For each partition of the store, the receive time of the newest publication that was delivered. Publications of
    /// one partition come in order, so everything up to the mark has been delivered.
    @exclusivity(unchecked) var marks: [UInt64]
    /// Receive times, at or below the marks, of publications that an earlier run of the broker sent and that were not
    /// acknowledged.
    var owed: Set<UInt64> = []
    /// Receive times, above the marks, of publications that an earlier run has delivered. They must not be delivered
    /// again.
    var taken: Set<UInt64> = []
    /// Of a subscription of another broker: the receive time from which on it has got everything.
    var givenSince: UInt64 = 0
    /// The receive time up to which publications are past for those behind the other broker: only who wants the past gets them.
    @exclusivity(unchecked) var pastUntil: UInt64 = 0
    /// While it gets what is older than that: what it has got already, from when on and up to the mark of each partition.
    private var given: (since: UInt64, marks: [UInt64])?
    /// Whether the marks have changed since they were last saved.
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

    /// The text as its subscriber knows it: without the prefix of a gateway's namespace.
    var shown: String { namespace?.own(topic) ?? topic }

    /// Whether everything is delivered without acknowledgement.
    @inline(__always)
    var needsNoAcknowledgement: Bool { highestQoS == .atMostOnce }

    /// Whether a publication that was read from the store is still to be delivered.
    func wants(_ receivedAt: UInt64, partition: Int) -> Bool {
        guard receivedAt > cutoff, receivedAt > marks[partition] || (!owed.isEmpty && owed.contains(receivedAt)) else {
            return false
        }
        guard let given else { return true }
        return receivedAt <= given.since || receivedAt > given.marks[partition]
    }

    /// Whether a publication of the past, that another broker has received at `time`, is wanted.
    func wantsPast(_ time: UInt64, now: UInt64) -> Bool {
        messageFrom > 0 && (messageFrom >= Double(now) || Double(time) + messageFrom >= Double(now))
    }

    /// Goes back to the beginning, for what is older than all that was delivered.
    func beginAgain() {
        given = (givenSince, marks)
        pastUntil = max(pastUntil, givenSince)
        marks = Array(repeating: 0, count: marks.count)
    }

    /// All that is stored was delivered: from here on publications are delivered as they come.
    func endCatchUp() {
        mode = .live
        // Deliveries of an earlier run that were not found are gone, or the component has lost the right to them.
        (owed, taken) = ([], [])
        if let given { advance(to: given.marks) }
        given = nil
    }

    /// Records that a publication was sent.
    @inline(__always)
    func sent(_ receivedAt: UInt64, partition: Int) {
        hasMoved = true
        if receivedAt > marks[partition] {
            marks[partition] = receivedAt
        } else {
            owed.remove(receivedAt)
        }
    }

    /// The receive time behind which a reader has to start to find everything that is wanted.
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

    /// Raises every mark to `time`, because nothing older is wanted.
    func skip(to time: UInt64) {
        for index in marks.indices where marks[index] < time { marks[index] = time }
        owed = []
        hasMoved = true
    }
}
