import RembusTransport
import NIOCore
import RembusWire
import Testing

@testable import Rembus

@Suite(.timeLimit(.minutes(5)))
struct ReconnectTests {
    @Test func everythingIsRestored() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer, from: .lastReceived)
        async let exposed: Void = component.exposeRaw("echo") { .array($0) }
        try await peer.nextCommand()
        try await exposed
        peer.drop()

        let second = try await broker.accept()
        try await second.acceptLogin("tester")
        #expect(try await second.nextCommand() == ("t", .subscribe(messageFrom: .infinity)))
        #expect(try await second.nextCommand() == ("echo", .expose))
        #expect(try await second.nextCommand() == ("__config__", .reactive(true, messageFrom: .infinity)))
        second.publish("t", 5)
        var iterator = subscription.makeAsyncIterator()
        #expect(await iterator.next()?.arguments == [5])
        second.send(.request(.init(id: .random(), topic: "echo", arguments: [1])))
        #expect(try await second.nextResponse().data == [1])
        await component.close()
    }

    @Test func statesTellTheStory() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        var states = component.stateUpdates.makeAsyncIterator()
        #expect(await states.next() == .connected)
        peer.close(code: 1011)
        #expect(await states.next() == .reconnecting(attempt: 1))
        try await broker.accept().acceptLogin("tester")
        #expect(await states.next() == .connected)
        await component.close()
        #expect(await states.next() == .closed(nil))
        #expect(await states.next() == nil)
    }

    @Test func attemptsGoOnUntilTheBrokerReturns() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        await broker.stop()
        peer.drop()
        for await state in component.stateUpdates {
            if case .reconnecting(let attempt) = state, attempt >= 3 { break }
        }
        let again = try await FakeBroker.start(port: broker.port)
        try await again.accept().acceptLogin("tester")
        for await state in component.stateUpdates where state.isConnected { break }
        await component.close()
    }

    @Test func overwrittenComponentStaysAway() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let subscription = try await component.subscribed(to: "t", peer)
        peer.close(code: 4000, reason: "overwritten")
        for await _ in subscription {}
        for await state in component.stateUpdates where state.isClosed { break }
        guard case .closed(let reason?) = component.state else { return #expect(Bool(false), "\(component.state)") }
        #expect(reason.code == .closed)
        let error = await #expect(throws: RembusError.self) { try await component.publish("t") }
        #expect(error == reason)
    }

    @Test func nameInUseIsTriedAgain() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        peer.drop()
        for _ in 0..<2 { try await broker.accept().refuseLogin(.error, "already connected") }
        try await broker.accept().acceptLogin("tester")
        for await state in component.stateUpdates where state.isConnected { break }
        await component.close()
    }

    @Test(arguments: [(StatusCode.challenge, Value.bytes(.init())), (.error, .null)])
    func otherRefusalsEndTheComponent(_ status: StatusCode, _ data: Value) async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        peer.drop()
        try await broker.accept().refuseLogin(status, data)
        for await state in component.stateUpdates where state.isClosed { break }
        guard case .closed(_?) = component.state else { return #expect(Bool(false), "\(component.state)") }
    }

    @Test func startAnywayConnectsLater() async throws {
        let broker = try await FakeBroker.start()
        await broker.stop()
        let component = try await Component.connect(broker.url("late"), configuration: .test { $0.startAnyway = true })
        #expect(!component.state.isConnected)
        let error = await #expect(throws: RembusError.self) { try await component.call("m") }
        #expect(error?.code == .notConnected)
        // Noted, and told at the first login.
        _ = try await component.subscribe("t", from: .lastReceived)
        try await component.exposeRaw("echo") { .array($0) }
        let again = try await FakeBroker.start(port: broker.port)
        let peer = try await again.accept()
        try await peer.acceptLogin("late")
        #expect(try await peer.nextCommand() == ("t", .subscribe(messageFrom: .infinity)))
        #expect(try await peer.nextCommand() == ("echo", .expose))
        #expect(try await peer.nextCommand() == ("__config__", .reactive(true, messageFrom: .infinity)))
        await component.close()
    }

    @Test func closeWhileReconnectingEndsIt() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        await broker.stop()
        peer.drop()
        for await state in component.stateUpdates { if case .reconnecting = state { break } }
        await component.close()
        #expect(component.state == .closed(nil))
    }

    @Test func garbageEndsTheConnectionAndANewOneIsMade() async throws {
        let (broker, peer, component) = try await FakeBroker.connected()
        peer.sendRaw([0xFF, 0x00])
        #expect(try await peer.closed().code == 1000)
        try await broker.accept().acceptLogin("tester")
        await component.close()
    }
}
