import NIOCore
@testable import RembusBroker
import RembusTransport
import RembusWire
import Testing

private let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)

private func publication(_ number: Int, size: Int = 4) throws -> RetainedPublication {
    var buffer = ByteBuffer()
    Message.publish(
        .init(
            id: MessageID(littleEndian: UInt64(number + 1)), flags: PublishFlags(qos: .atLeastOnce), topic: "t",
            arguments: [.bytes(ByteBuffer(repeating: 1, count: size))])
    ).encodeCBOR(into: &buffer)
    let header = try #require(
        buffer.withUnsafeReadableBytes { bytes in
            if case .regular(let header) = FrameHeader.parse(bytes) { header } else { nil }
        })
    return RetainedPublication(
        header: header, buffer: buffer, memory: LoopMemory(budget: MemoryBudget(limit: 1 << 20)).kept)
}

private func subscription(_ topic: String = "t") -> Subscription {
    Subscription(topic: topic, messageFrom: 0, marks: [0])
}

@Suite struct DeliveryWindowTests {
    private let timeout = TimeAmount.seconds(2)

    /// A window with so many deliveries, sent one second apart.
    private func window(_ count: Int, limit: Int = 100, _ to: Subscription) throws -> (DeliveryWindow, [UInt64]) {
        var window = DeliveryWindow(limit: limit)
        let ids = try (0..<count).map { number in
            let id = try window.send(
                publication(number), to: to, receivedAt: UInt64(number), slot: nil,
                now: start + .seconds(Int64(number)))
            return try #require(id)
        }
        return (window, ids)
    }

    @Test func anAcknowledgementTakesOneOutOnce() throws {
        var (window, ids) = try window(3, subscription())
        let bytes = window.bytes
        let taken = window.take(ids[1])
        let delivery = try #require(taken)
        #expect(delivery.receivedAt == 1)
        #expect(window.count == 2 && window.bytes == bytes - delivery.publication.buffer.readableBytes)
        let again = window.take(ids[1])
        #expect(again == nil && !window.contains(ids[1]) && window.contains(ids[0]))
    }

    @Test func aFullWindowTakesNothing() throws {
        var (window, _) = try window(3, limit: 3, subscription())
        let (isFull, bytes) = (window.isFull, window.bytes)
        #expect(isFull)
        let id = window.send(try publication(9), to: subscription(), receivedAt: 9, slot: nil, now: start)
        #expect(id == nil && window.count == 3 && window.bytes == bytes)
    }

    @Test func onlyWhatIsLateIsSentAgainInTheOldOrder() throws {
        var (window, ids) = try window(4, subscription())
        // The first ones are used again, so ids and places say nothing of the order.
        _ = window.take(ids[0])
        var due = window.due(now: start + .seconds(4), timeout: timeout, retries: 3)
        #expect(due.again.map(\.id) == [ids[1], ids[2]] && due.exhausted.isEmpty)
        due = window.due(now: start + .seconds(5), timeout: timeout, retries: 3)
        #expect(due.again.map(\.id) == [ids[3]])
        due = window.due(now: start + .seconds(7), timeout: timeout, retries: 3)
        #expect(due.again.map(\.id) == Array(ids[1...]))
        #expect(due.again.map(\.delivery.sendCount) == [3, 3, 3])
    }

    @Test func whatWasSentOftenEnoughRestsUntilTheComponentIsBack() throws {
        var (window, ids) = try window(1, subscription())
        for attempt in 1...4 {
            let due = window.due(now: start + .seconds(Int64(attempt) * 2), timeout: timeout, retries: 3)
            #expect(due.again.count == (attempt <= 3 ? 1 : 0) && due.exhausted == (attempt == 4 ? ids : []))
        }
        let rest = window.due(now: start + .hours(1), timeout: timeout, retries: 3)
        #expect(rest.again.isEmpty && rest.exhausted.isEmpty && window.count == 1)
        let resumed = window.resume(now: start + .hours(1)) { _ in true }
        #expect(resumed.map(\.id) == ids && resumed.map(\.delivery.sendCount) == [1])
        let due = window.due(now: start + .hours(1) + timeout, timeout: timeout, retries: 3)
        #expect(due.again.map(\.id) == ids)
    }

    @Test func aConnectionResumesWhatItServes() throws {
        let (mine, other) = (subscription("mine"), subscription("other"))
        var window = DeliveryWindow(limit: 10)
        for (number, to) in [mine, other, mine].enumerated() {
            _ = window.send(try publication(number), to: to, receivedAt: UInt64(number), slot: nil, now: start)
        }
        let resumed = window.resume(now: start) { $0 === mine }
        #expect(resumed.map(\.delivery.receivedAt) == [0, 2])
        let removed = window.removeAll { $0.subscription === mine }
        #expect(removed.count == 2 && window.count == 1)
        window.removeAll()
        #expect(window.count == 0 && window.bytes == 0)
    }

    @Test func theSlotOfThePublicationIsInTheID() throws {
        var window = DeliveryWindow(limit: 10)
        let id = window.send(try publication(0), to: subscription(), receivedAt: 1, slot: 1_700_000_100, now: start)
        #expect(id.map { UInt32(truncatingIfNeeded: $0) } == 1_700_000_100)
    }

    @Test func shrinkingLeavesWhatIsOpen() throws {
        var (window, ids) = try window(2, subscription())
        window.shrink()
        #expect(window.contains(ids[0]) && window.contains(ids[1]))
        window.removeAll()
        window.shrink()
        #expect(window.limit == 100 && window.count == 0)
    }
}
