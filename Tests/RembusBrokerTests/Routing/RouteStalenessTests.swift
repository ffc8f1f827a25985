import NIOCore
import RembusListening
import RembusTesting
import RembusTransport
import RembusTrust
import RembusWire
import Testing

@testable import RembusBroker

/// A change makes exactly the routes stale that lead somewhere else after it, on every event loop.
@Suite("Stale routes")
struct RouteStalenessTests {
    private let broker = FuzzBroker(.remembering, lanes: 3)
    private static let topics = ["a", "a/b", "a/b/c", "x/b", "x", "a@b", "@/b", "$s/b", "/", "t/é"]

    /// Resolves the topics everywhere, makes the change, and looks whose routes are stale.
    private func expectStale(
        _ expected: Set<String>, at place: SourceLocation = #_sourceLocation, after change: () throws -> Void
    ) throws {
        let lanes = broker.core.lanes
        let routes = lanes.map { lane in Self.topics.map { lane.route($0) } }
        #expect(routes.joined().allSatisfy { !$0.isStale })
        try change()
        broker.settle()
        for lane in routes { #expect(Set(lane.filter(\.isStale).map(\.topic)) == expected, sourceLocation: place) }
        // Who asks now gets a new one, and what is not stale as it was.
        for (lane, old) in zip(lanes, routes) {
            for route in old { #expect((lane.route(route.topic) === route) == !route.isStale) }
        }
        #expect(broker.wrongRoutes == [], sourceLocation: place)
    }

    private func connect(_ name: String? = nil, lane: Int = 0, traits: SessionTraits = .init()) throws -> GatewaySession
    {
        let host = GatewayHost(core: broker.core, group: ManualLoopGroup(broker.loops), certificates: nil)
        let session = try #require(
            host.makeSession(
                on: broker.loops[lane], address: "127.0.0.1:1", facts: ConnectionFacts(), traits: traits,
                sink: TestSink()))
        guard let name else { return session }
        session.logIn(.init(name: name, isProven: true)) { _ in }
        broker.settle()
        #expect(session.name == name)
        return session
    }

    private func end(_ session: GatewaySession) {
        session.link.sinkEnded(.broken)
        broker.settle()
    }

    // MARK: Subscriptions

    private static let subscriptions: [(topic: String, stale: Set<String>)] = [
        ("a/b", ["a/b"]),
        ("t/é", ["t/é"]),
        ("t/e\u{301}", []),
        ("nobody", []),
        ("*", ["a", "x"]),
        ("*/b", ["a/b", "x/b", "$s/b"]),
        ("a/**", ["a", "a/b", "a/b/c"]),
        ("**/b", ["a/b", "x/b", "$s/b"]),
        ("a/*/c", ["a/b/c"]),
        ("$*/b", ["$s/b"]),
        ("**", ["a", "a/b", "a/b/c", "x/b", "x", "$s/b", "/", "t/é"]),
        ("@/*", ["@/b"]),
    ]

    @Test("A subscription makes the routes stale that it matches, when it comes, goes and ends", arguments: 0..<12)
    func subscriptions(index: Int) throws {
        let (topic, expected) = Self.subscriptions[index]
        let session = try connect(lane: index % 3)
        try expectStale(expected) { #expect(session.subscribe(topic).status == .ok) }
        try expectStale([]) { #expect(session.subscribe(topic, messageFrom: 5).status == .ok) }
        try expectStale(expected) { #expect(session.perform(.unsubscribe, topic: topic).status == .ok) }
        _ = session.subscribe(topic)
        try expectStale(expected) { end(session) }
    }

    private static let filters: [(filter: String, stale: Set<String>)] = [
        ("a/b", ["a/b"]),
        ("+", ["a", "x", "a@b"]),
        ("a/#", ["a", "a/b", "a/b/c"]),
        ("+/b", ["a/b", "x/b", "@/b"]),
        ("#", ["a", "a/b", "a/b/c", "x/b", "x", "a@b", "@/b", "/", "t/é"]),
        ("$s/#", ["$s/b"]),
        ("$share/g/a/+", ["a/b"]),
        ("$share/g/+/b/#", ["a/b", "a/b/c", "x/b", "@/b"]),
    ]

    @Test("So does what a client of a gateway subscribes, with other wildcards or in a group", arguments: 0..<8)
    func filters(index: Int) throws {
        let (filter, expected) = Self.filters[index]
        let options = GatewaySession.SubscriptionOptions(hearsOwn: true, isKept: true)
        let client = try connect("meter", lane: index % 3, traits: .init(namespace: .filters))
        try expectStale(expected) { _ = client.subscribe(own: filter, options) }
        // Other options of a subscription change no route.
        try expectStale([]) { _ = client.subscribe(own: filter, options) }
        // Away and back.
        try expectStale(expected) { end(client) }
        var back: GatewaySession?
        try expectStale(expected) { back = try connect("meter", lane: 1, traits: .init(namespace: .filters)) }
        try expectStale(expected) { #expect(back?.unsubscribe(own: filter) == true) }
    }

    // MARK: Methods

    @Test("A method makes the route of its topic stale, and none of others")
    func methods() throws {
        let provider = try connect(lane: 2)
        try expectStale(["a/b"]) { #expect(provider.perform(.expose, topic: "a/b").status == .ok) }
        try expectStale([]) { #expect(provider.perform(.expose, topic: "a/b").status == .ok) }
        try expectStale(["a/b"]) { #expect(provider.perform(.unexpose, topic: "a/b").status == .ok) }
        _ = provider.perform(.expose, topic: "x")
        try expectStale(["x"]) { end(provider) }
        try expectStale(["a"]) { broker.core.tables.setHandler(.immediate { _ in .null }, for: "a") }
        try expectStale(["a"]) { broker.core.tables.setHandler(nil, for: "a") }
    }

    // MARK: Components

    @Test("Who has a name and comes back makes what it has stale, and nothing else")
    func returning() throws {
        let first = try connect("meter.acme")
        _ = first.subscribe("a/*")
        _ = first.perform(.expose, topic: "x")
        first.endWork()
        try expectStale(["a/b", "x"]) { end(first) }
        // The method is known, and not reachable.
        #expect(broker.core.lanes[1].route("x").providers.map { $0.session == nil } == [true])
        var back: GatewaySession?
        try expectStale(["a/b", "x"]) { back = try connect("meter.acme", lane: 1) }
        #expect(broker.core.lanes[1].route("x").providers.map { $0.session == nil } == [false])
        // A name that has nothing, of whatever tenant, costs nobody anything.
        try expectStale([]) { end(try connect("visitor.acme", lane: 2)) }
        try expectStale([]) { end(try connect("visitor")) }
        try expectStale(["a/b"]) { back?.forget() }
    }

    @Test("What was exposed belongs to the user of the name")
    func otherUser() throws {
        let first = try connect("meter")
        _ = first.perform(.expose, topic: "x")
        end(first)
        try expectStale(["x"]) {
            let session = try connect()
            session.logIn(.init(name: "meter", user: "boss", isProven: true)) { _ in }
            // The name is looked up on a thread.
            let deadline = NIODeadline.now() + .seconds(20)
            while session.name == nil, NIODeadline.now() < deadline { broker.settle() }
            #expect(session.name == "meter")
        }
    }

    @Test("A proof that is withdrawn makes what the component has stale")
    func withdrawnProof() throws {
        let session = try connect("meter")
        _ = session.subscribe("a")
        _ = session.perform(.expose, topic: "x/b")
        try expectStale(["a", "x/b"]) { broker.core.tables.setProven(session.session.state, false) }
    }

    @Test("Other rules make every route stale, and a private topic leads to those who may have it")
    func rules() throws {
        let stranger = try connect("stranger")
        let friend = try connect("friend", lane: 1)
        for session in [stranger, friend] { _ = session.subscribe("a/*") }
        var document = TrustDocument()
        document.privateTopics = ["a/b"]
        document.grants = [Grant(name: "friend", topic: "a/b", actions: [.subscribe])]
        let rules = AccessRules(document, trustsNames: false)
        try expectStale(Set(Self.topics)) { broker.core.tables.setRules(rules) }
        #expect(broker.core.lanes[2].route("a/b").remoteLanes.sorted() == [1])
        try expectStale(Set(Self.topics)) { broker.core.tables.setLimits(broker.core.limits) }
        // One that does not lead to a topic is a change of it all the same.
        try expectStale(["a/b"]) { _ = stranger.perform(.unsubscribe, topic: "a/*") }
    }
}
