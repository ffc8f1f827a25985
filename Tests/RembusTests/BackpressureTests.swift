import NIOCore
import RembusWire
import Synchronization
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct BackpressureTests {
    @Test func publishersWaitForABrokerThatDoesNotRead() async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.maxUnsentBytes = 64 << 10 })
        peer.pauseReading()
        let sent = Counter()
        let payload = Value.bytes(ByteBuffer(repeating: 1, count: 64 << 10))
        let count = 1000
        let task = Task {
            for index in 0..<count {
                try await component.publish("t", .integer(Int64(index)), payload)
                sent.increment()
            }
        }
        // The kernel, the link and the queue together hold only a part of it: the publisher comes to a stop.
        try await publisherWaits(component)
        #expect(sent.value < count)
        peer.resumeReading()
        for index in 0..<count {
            #expect(try await peer.nextPublish().arguments.first == .integer(Int64(index)))
        }
        try await task.value
        await component.close()
    }

    @Test func cancellationAndCloseEndTheWait() async throws {
        let (_, peer, component) = try await FakeBroker.connected(configuration: .test { $0.maxUnsentBytes = 64 << 10 })
        peer.pauseReading()
        let payload = Value.bytes(ByteBuffer(repeating: 1, count: 64 << 10))
        let endless = Task { while true { try await component.publish("t", payload) } }
        try await publisherWaits(component)
        endless.cancel()
        await #expect(throws: CancellationError.self) { try await endless.value }
        let waiting = Task { while true { try await component.publish("t", payload) } }
        try await publisherWaits(component)
        await component.close()
        #expect(await waiting.rembusError?.code == .closed)
    }

    /// Returns when a publisher is suspended because too much waits to be sent.
    private func publisherWaits(_ component: Component) async throws {
        while !component.connection.submissions.hasWaiters { try await Task.sleep(for: .milliseconds(1)) }
    }
}

final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    func increment() { count.add(1, ordering: .relaxed) }
}
