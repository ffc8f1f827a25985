import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct PoolTests {
    private func pool(
        _ policy: PoolPolicy
    ) async throws -> (brokers: [FakeBroker], peers: [FakePeer], pool: ComponentPool) {
        let brokers = [try await FakeBroker.start(), try await FakeBroker.start()]
        let urls = brokers.map { $0.url("c") }
        async let pool = ComponentPool.connect(urls, policy: policy, configuration: .test())
        var peers: [FakePeer] = []
        for broker in brokers {
            let peer = try await broker.accept()
            try await peer.acceptLogin("c")
            peers.append(peer)
        }
        return (brokers, peers, try await pool)
    }

    @Test func firstUpSendsThroughTheFirstThatIsConnected() async throws {
        let (brokers, peers, pool) = try await pool(.firstUp)
        try await pool.publish("t", 1)
        #expect(try await peers[0].nextPublish().arguments == [1])
        await brokers[0].stop()
        peers[0].drop()
        for await state in pool.members[0].stateUpdates { if case .reconnecting = state { break } }
        try await pool.publish("t", 2)
        #expect(try await peers[1].nextPublish().arguments == [2])
        await pool.close()
    }

    @Test func roundRobinTakesTurns() async throws {
        let (_, peers, pool) = try await pool(.roundRobin)
        for number in 0..<4 { try await pool.publish("t", number) }
        #expect(try await peers[0].nextPublish().arguments == [0])
        #expect(try await peers[1].nextPublish().arguments == [1])
        #expect(try await peers[0].nextPublish().arguments == [2])
        #expect(try await peers[1].nextPublish().arguments == [3])
        await pool.close()
    }

    @Test func lessBusyAvoidsOpenCalls() async throws {
        let (_, peers, pool) = try await pool(.lessBusy)
        async let first: Int = pool.call("m")
        let request = try await peers[0].nextRequest()
        async let second: Int = pool.call("m")
        peers[1].answer(try await peers[1].nextRequest(), 2)
        #expect(try await second == 2)
        peers[0].answer(request, 1)
        #expect(try await first == 1)
        await pool.close()
    }

    @Test func messagesOfAllBrokersComeInOneSequence() async throws {
        let (_, peers, pool) = try await pool(.firstUp)
        async let subscribing = pool.subscribe("t")
        for peer in peers {
            try await peer.nextCommand()
            try await peer.nextCommand()
        }
        let subscription = try await subscribing
        peers[0].publish("t", 0)
        peers[1].publish("t", 1)
        var iterator = subscription.makeAsyncIterator()
        let values = [await iterator.next(), await iterator.next()].compactMap { $0?.arguments.first?.intValue }
        #expect(values.sorted() == [0, 1])
        await pool.close()
        #expect(await iterator.next() == nil)
    }

    @Test func methodsExistOnEveryBroker() async throws {
        let (_, peers, pool) = try await pool(.firstUp)
        async let exposing: Void = pool.expose("double") { (x: Int) in 2 * x }
        for peer in peers { #expect(try await peer.nextCommand().1 == .expose) }
        try await exposing
        for peer in peers {
            peer.send(.request(.init(id: .random(), topic: "double", arguments: [4])))
            #expect(try await peer.nextResponse().data == 8)
        }
        await pool.close()
    }

    @Test func oneReachableBrokerIsEnough() async throws {
        let dead = try await FakeBroker.start()
        await dead.stop()
        let alive = try await FakeBroker.start()
        async let connecting = ComponentPool.connect([dead.url("c"), alive.url("c")], configuration: .test())
        let peer = try await alive.accept()
        try await peer.acceptLogin("c")
        let pool = try await connecting
        try await pool.publish("t", 1)
        #expect(try await peer.nextPublish().arguments == [1])
        await pool.close()
        let error = await #expect(throws: RembusError.self) {
            try await ComponentPool.connect([dead.url("c")], configuration: .test())
        }
        #expect(error?.code == .connectionDown)
    }
}
