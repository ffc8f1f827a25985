import NIOCore
import RembusListening
import RembusTesting
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization
import Testing

@testable import RembusBroker

/// Connections of gateways: names, guests, who gives way to whom, and messages both ways.
@Suite("Gateway sessions")
struct GatewaySessionTests {
    private let broker = FuzzBroker(.remembering)

    private func open(
        _ traits: SessionTraits = SessionTraits(), lane: Int = 0
    ) throws -> (session: GatewaySession, sink: TestSink) {
        let host = GatewayHost(core: broker.core, group: ManualLoopGroup(broker.loops), certificates: nil)
        let sink = TestSink()
        let session = host.makeSession(
            on: broker.loops[lane], address: "127.0.0.1:1", facts: ConnectionFacts(), traits: traits, sink: sink)
        return (try #require(session), sink)
    }

    /// Logs in and waits for the outcome.
    private func logIn(
        _ session: GatewaySession, _ login: GatewaySession.Login
    ) throws -> Result<Bool, GatewaySession.LoginFailure> {
        let outcome = Mutex<Result<Bool, GatewaySession.LoginFailure>?>(nil)
        session.logIn(login) { result in outcome.withLock { $0 = result } }
        // Secrets are checked on a thread of their own.
        let deadline = NIODeadline.now() + .seconds(20)
        while outcome.withLock({ $0 == nil }), NIODeadline.now() < deadline { broker.settle() }
        return try #require(outcome.withLock { $0 })
    }

    @Test("What one session publishes comes out at the sink of another, also on another lane")
    func messages() throws {
        let (subscriber, sink) = try open()
        let (publisher, _) = try open(lane: 1)
        #expect(subscriber.subscribe("a/*").status == .ok)
        #expect(subscriber.perform(.reactive(true, messageFrom: nil), topic: "").status == .ok)
        subscriber.endWork()
        publisher.receive(.publish(.init(topic: "a/b", arguments: [1])))
        publisher.endWork()
        broker.settle()
        #expect(sink.messages == [.publish(.init(topic: "a/*", arguments: ["a/b", 1]))])
        #expect(sink.flushes > 0)
    }

    @Test("Own publications come back only where that was asked for")
    func ownPublications() throws {
        let (session, sink) = try open()
        _ = session.perform(.reactive(true, messageFrom: nil), topic: "")
        _ = session.subscribe("deaf")
        _ = session.subscribe("own", hearsOwn: true)
        session.receive(.publish(.init(topic: "deaf", arguments: [1])))
        session.receive(.publish(.init(topic: "own", arguments: [1])))
        session.endWork()
        #expect(sink.topics == ["own"])
    }

    @Test("A name is known again, with what was subscribed")
    func returning() throws {
        let (first, _) = try open()
        #expect(try logIn(first, .init(name: "meter")) == .success(false))
        _ = first.subscribe("t")
        first.link.sinkEnded(.broken)
        broker.settle()
        let (second, _) = try open()
        #expect(try logIn(second, .init(name: "meter")) == .success(true))
        #expect(second.subscriptions == ["t"])
        second.forget()
        #expect(second.subscriptions.isEmpty)
    }

    @Test("A second connection of a name is refused, unless the first gives way")
    func taken() throws {
        let (first, sink) = try open()
        #expect(try logIn(first, .init(name: "meter", takesOver: true)) == .success(false))
        _ = first.subscribe("t")
        let (second, _) = try open(lane: 1)
        #expect(try logIn(second, .init(name: "meter")) == .failure(.taken))
        let (third, _) = try open(lane: 1)
        #expect(try logIn(third, .init(name: "meter", takesOver: true)) == .success(true))
        #expect(sink.closeReason?.code == 4000)
        #expect(third.name == "meter")
    }

    @Test("A component of Rembus gives way to no client of a gateway, nor one user's client to another user")
    func strangers() throws {
        let (component, sink) = try open()
        #expect(try logIn(component, .init(name: "meter")) == .success(false))
        let (client, _) = try open(.init(namespace: .filters))
        #expect(try logIn(client, .init(name: "meter", takesOver: true)) == .failure(.taken))
        let (ownsIt, ownSink) = try open()
        #expect(try logIn(ownsIt, .init(name: "a:1", user: "a", takesOver: true)) == .success(false))
        let (other, _) = try open()
        #expect(try logIn(other, .init(name: "a:1", user: "b", takesOver: true)) == .failure(.taken))
        #expect(sink.closeReason == nil)
        #expect(ownSink.closeReason == nil)
    }

    @Test("A guest has its user's name for the rules, and no name of its own")
    func guests() throws {
        let (guest, _) = try open()
        #expect(try logIn(guest, .init(name: nil, user: "pump.acme")) == .success(false))
        #expect(guest.principal.name == "pump.acme")
        #expect(guest.principal.tenant == "acme")
        #expect(guest.name == nil)
        // Two at a time are no conflict.
        let (again, _) = try open()
        #expect(try logIn(again, .init(name: nil, user: "pump.acme")) == .success(false))
    }

    @Test("Nobody poses as a component that is connected")
    func posing() throws {
        let (component, _) = try open()
        #expect(try logIn(component, .init(name: "meter")) == .success(false))
        let (guest, _) = try open()
        #expect(try logIn(guest, .init(name: nil, user: "meter")) == .failure(.taken))
        #expect(guest.principal.name == nil)
    }

    @Test("A secret that is none proves nothing, and names that cannot be used are refused")
    func refusals() throws {
        let (session, _) = try open()
        #expect(try logIn(session, .init(name: "meter", secret: Array("guess".utf8))) == .failure(.wrongSecret))
        guard case .failure(.unusable) = try logIn(session, .init(name: "a/../b")) else {
            return #expect(Bool(false), "a path was taken for a name")
        }
        #expect(session.name == nil)
    }

    @Test("In authenticated mode only a proof admits")
    func authenticated() throws {
        let locked = FuzzBroker(.authenticated)
        let host = GatewayHost(core: locked.core, group: ManualLoopGroup(locked.loops), certificates: nil)
        let sink = TestSink()
        let session = try #require(
            host.makeSession(on: locked.loops[0], address: "127.0.0.1:1", facts: ConnectionFacts(.mqtt), sink: sink))
        #expect(session.session.gate == .locked)
        for login in [GatewaySession.Login(name: nil), GatewaySession.Login(name: "meter")] {
            let outcome = Mutex<Result<Bool, GatewaySession.LoginFailure>?>(nil)
            session.logIn(login) { result in outcome.withLock { $0 = result } }
            for _ in 0..<10 { locked.settle() }
            #expect(outcome.withLock { $0 } == .failure(.needsProof))
        }
        #expect(session.session.gate == .locked)
        session.logIn(.init(name: "meter", isProven: true)) { _ in }
        for _ in 0..<10 { locked.settle() }
        #expect(session.session.gate == .open)
    }

    @Test("A sink that does not get rid of what it is given stops its connection from being read")
    func backPressure() throws {
        let (session, sink) = try open()
        session.link.setSinkBacklog(100 << 20)
        session.endWork()
        #expect(!sink.isReading)
        session.link.setSinkBacklog(0)
        #expect(sink.isReading)
    }
}
