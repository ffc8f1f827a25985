import NIOCore
import RembusWire
import Synchronization
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct SubscriptionQueueTests {
    private func message(_ number: Int64, _ qos: QoS = .atMostOnce) -> Publication {
        Publication(
            topic: "t", qos: qos, slot: nil, list: ArgumentList([.integer(number)], encoding: .cbor))
    }

    private func isAccepted(_ outcome: SubscriptionQueue.Outcome) -> Bool {
        if case .accepted = outcome { true } else { false }
    }

    private func drain(_ queue: SubscriptionQueue) async -> [Value] {
        queue.addSource()
        queue.removeSource()
        var values: [Value] = []
        while let message = await queue.next(isolation: nil) { values += message.arguments }
        return values
    }

    @Test func oldestIsDropped() async {
        let queue = SubscriptionQueue(.dropOldest(3))
        for number in Int64(0)..<5 { #expect(isAccepted(queue.push(message(number)))) }
        #expect(queue.droppedCount == 2)
        #expect(await drain(queue) == [2, 3, 4])
    }

    @Test func newestIsDropped() async {
        let queue = SubscriptionQueue(.dropNewest(3))
        for number in Int64(0)..<5 { #expect(isAccepted(queue.push(message(number))) == (number < 3)) }
        #expect(queue.droppedCount == 2)
        #expect(await drain(queue) == [0, 1, 2])
    }

    @Test func acknowledgedMessagesAreNeverDropped() async {
        let queue = SubscriptionQueue(.dropOldest(3))
        for number in Int64(0)..<2 { _ = queue.push(message(number, .atLeastOnce)) }
        for number in Int64(2)..<5 { _ = queue.push(message(number)) }
        #expect(queue.droppedCount == 2)
        #expect(!isAccepted(queue.push(message(5, .exactlyOnce))))
        #expect(queue.droppedCount == 2)
        #expect(await drain(queue) == [0, 1, 4, 5])
    }

    /// Pushes with a note for the acknowledgement; true when the message is owed.
    private func pushNoted(_ number: Int64, to queue: SubscriptionQueue, _ log: AcknowledgementLog) -> Bool {
        let outcome = queue.push(message(number, .atLeastOnce)) { { log.note(number) } }
        if case .owed = outcome { return true }
        return false
    }

    @Test func owedMessagesAreAcknowledgedOneByOneAsThereIsRoom() async {
        let (queue, log) = (SubscriptionQueue(.dropOldest(2)), AcknowledgementLog())
        queue.addSource()
        for number in Int64(0)..<5 { #expect(pushNoted(number, to: queue, log) == (number >= 2)) }
        for number in Int64(0)..<3 {
            #expect(log.numbers == Array(2..<(2 + number)))
            #expect(await queue.next(isolation: nil)?.arguments == [.integer(number)])
        }
        #expect(log.numbers == [2, 3, 4])
        // There is room again.
        #expect(await queue.next(isolation: nil)?.arguments == [3])
        #expect(!pushNoted(5, to: queue, log))
    }

    @Test func droppableMessagesAreNotLostToOwedOnes() async {
        let (queue, log) = (SubscriptionQueue(.dropOldest(2)), AcknowledgementLog())
        for number in Int64(0)..<2 { _ = queue.push(message(number)) }
        #expect(pushNoted(2, to: queue, log))
        #expect(isAccepted(queue.push(message(3))))
        #expect(queue.droppedCount == 1)
        // An owed message that the reader reaches before there is room for it.
        #expect(isAccepted(queue.push(message(4))))
        #expect(queue.droppedCount == 2)
        #expect(await queue.next(isolation: nil)?.arguments == [2])
        #expect(log.numbers == [2])
        #expect(await drain(queue) == [3, 4])
    }

    @Test func theEndAcknowledgesWhatIsOwed() async {
        let (queue, log) = (SubscriptionQueue(.dropOldest(1)), AcknowledgementLog())
        for number in Int64(0)..<3 { _ = pushNoted(number, to: queue, log) }
        #expect(await drain(queue) == [0, 1, 2])
        #expect(log.numbers == [1, 2])
    }

    // MARK: Pausing

    private func isFull(_ outcome: SubscriptionQueue.Outcome) -> Bool {
        if case .full = outcome { true } else { false }
    }

    @Test func aPausingQueueDropsNothingAndTellsWhenHalfOfItIsFree() async {
        let (queue, resumed) = (SubscriptionQueue(.pausing(4)), Counter())
        for number in Int64(0)..<3 { #expect(isAccepted(queue.push(message(number)))) }
        // What one read has brought is taken beyond the limit.
        for number in Int64(3)..<6 { #expect(isFull(queue.push(message(number, .atLeastOnce)))) }
        queue.whenRoom(for: ObjectIdentifier(queue)) { resumed.increment() }
        for number in Int64(0)..<3 { #expect(await queue.next(isolation: nil)?.arguments == [.integer(number)]) }
        #expect(resumed.value == 0)
        #expect(await queue.next(isolation: nil)?.arguments == [3])
        #expect(resumed.value == 1)
        queue.whenRoom(for: ObjectIdentifier(queue)) { resumed.increment() }
        #expect(resumed.value == 2)
        #expect(queue.droppedCount == 0)
        #expect(await drain(queue) == [4, 5])
    }

    @Test func theEndOfAPausingQueueLetsItsConnectionsGoOn() async {
        let (queue, resumed) = (SubscriptionQueue(.pausing(1)), Counter())
        queue.addSource()
        #expect(isFull(queue.push(message(0))))
        queue.whenRoom(for: ObjectIdentifier(queue)) { resumed.increment() }
        queue.removeSource()
        #expect(resumed.value == 1)
    }

    @Test func messagesCanBeAcknowledgedWhenTheyAreRead() async {
        var buffer = SubscriptionBuffer.pausing(10)
        buffer.acknowledgesWhenRead = true
        let (queue, log) = (SubscriptionQueue(buffer), AcknowledgementLog())
        for number in Int64(0)..<3 { #expect(pushNoted(number, to: queue, log)) }
        #expect(log.numbers.isEmpty)
        _ = await queue.next(isolation: nil)
        #expect(log.numbers == [0])
        queue.addSource()
        queue.removeSource()
        // Nobody has read the others.
        #expect(log.numbers == [0])
        #expect(await queue.next(isolation: nil)?.arguments == [1])
        #expect(log.numbers == [0, 1])
    }

    @Test func onlyWhatIsNotAcknowledgedIsThrownAway() async {
        var buffer = SubscriptionBuffer.pausing(2)
        buffer.acknowledgesWhenRead = true
        let (queue, resumed) = (SubscriptionQueue(buffer), Counter())
        for number in Int64(0)..<3 { _ = queue.push(message(number)) }
        _ = queue.push(message(3, .atLeastOnce))
        queue.whenRoom(for: ObjectIdentifier(queue)) { resumed.increment() }
        #expect(queue.discardAtMostOnce() == 3)
        #expect(resumed.value == 1)
        #expect(queue.waiting.all == 1)
        #expect(await drain(queue) == [3])
    }

    @Test func bytesCountToo() async {
        var buffer = SubscriptionBuffer.dropOldest(100)
        buffer.maxBytes = 1000
        let queue = SubscriptionQueue(buffer)
        let large = Publication(
            topic: "t", qos: .atMostOnce, slot: nil,
            list: ArgumentList([.bytes(ByteBuffer(repeating: 0, count: 600))], encoding: .cbor))
        _ = queue.push(large)
        _ = queue.push(large)
        #expect(queue.droppedCount == 1)
        let huge = Publication(
            topic: "t", qos: .atMostOnce, slot: nil,
            list: ArgumentList([.bytes(ByteBuffer(repeating: 0, count: 6000))], encoding: .cbor))
        #expect(isAccepted(queue.push(huge)))
        #expect(await drain(queue).count == 1)
    }

    @Test func severalSourcesShareOneQueue() async {
        let queue = SubscriptionQueue(.standard)
        queue.addSource()
        queue.addSource()
        _ = queue.push(message(1))
        queue.removeSource()
        #expect(!queue.isFinished)
        _ = queue.push(message(2))
        queue.removeSource()
        #expect(queue.isFinished)
        #expect(!isAccepted(queue.push(message(3))))
        #expect(await queue.next(isolation: nil)?.arguments == [1])
        #expect(await queue.next(isolation: nil)?.arguments == [2])
        #expect(await queue.next(isolation: nil) == nil)
    }

    @Test func sleepingReadersAreWokenOnce() async {
        let queue = SubscriptionQueue(.standard)
        async let first = queue.next(isolation: nil)
        while true {
            if case .accepted(wakesReader: true) = queue.push(message(7)) { break }
            // The reader was not asleep yet and took the message.
            if case .integer? = await first?.arguments.first { return }
        }
        queue.wake()
        #expect(await first != nil)
    }
}

private final class AcknowledgementLog: Sendable {
    private let noted = Mutex<[Int64]>([])
    var numbers: [Int64] { noted.withLock { $0 } }
    func note(_ number: Int64) { noted.withLock { $0.append(number) } }
}
