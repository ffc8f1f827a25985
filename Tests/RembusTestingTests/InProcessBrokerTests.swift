import Foundation
import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// What the broker in process promises to tests: an order, and a clock that only they move.
@Suite("Broker in process")
struct InProcessBrokerTests {
    @Test("Peers are on one event loop after the other, unless a test says where")
    func loops() throws {
        let broker = try InProcessBroker { $0.threads = 3 }
        #expect(try (0..<4).map { _ in try broker.connect().loop } == [0, 1, 2, 0])
        #expect(try broker.connect(onLoop: 2).loop == 2)
        #expect(broker.connectionCount == 5)
    }

    @Test("What a peer sends has been handled when the call returns, on every event loop", arguments: [1, 3])
    func order(loops: Int) throws {
        let broker = try InProcessBroker { $0.threads = loops }
        let (meter, display) = (try broker.connect("meter"), try broker.connect("display"))
        try display.subscribe("plant/*")
        try display.startDeliveries()
        try meter.publish("plant/7", 21.5)
        let publication = try display.nextPublication()
        #expect(publication.topic == "plant/*")
        #expect(publication.arguments == ["plant/7", 21.5])
        #expect(try display.receive().isEmpty)
        #expect(throws: TestingError.self) { try display.next() }
    }

    @Test("A time-out comes when the clock is moved, and not before", arguments: [1, 3])
    func timeout(loops: Int) throws {
        let broker = try InProcessBroker {
            $0.threads = loops
            $0.requestTimeout = .seconds(3600)
        }
        let (provider, caller) = (try broker.connect("provider"), try broker.connect("caller"))
        try provider.expose("slow")
        let id = caller.sendCall("slow")
        _ = try provider.nextCall()
        broker.advance(by: .seconds(3590))
        #expect(try caller.answer(to: id) == nil)
        broker.advance(by: .seconds(11))
        #expect(try caller.answer(to: id)?.status == .methodUnavailable)
    }

    @Test("The time of day moves along: names without proof are forgotten")
    func days() throws {
        let broker = try InProcessBroker { $0.limits.nameExpiry = .seconds(86_400) }
        let (subscriber, caller) = (try broker.connect("subscriber"), try broker.connect())
        try subscriber.subscribe("t")
        subscriber.hangUp()
        #expect(try caller.call("x", target: "subscriber").status == .targetDown)
        broker.advance(by: .seconds(86_300))
        #expect(try caller.call("x", target: "subscriber").status == .targetDown)
        broker.advance(by: .seconds(102))
        #expect(try caller.call("x", target: "subscriber").status == .targetNotFound)
        #expect(try caller.call("uptime").data == "up for 86402 seconds")
    }

    @Test("A replay looks back by the clock of the test")
    func window() throws {
        let broker = try InProcessBroker()
        let (publisher, subscriber) = (try broker.connect(), try broker.connect("subscriber"))
        for number in 0..<3 {
            try publisher.publish("t", .integer(Int64(number)))
            broker.advance(by: .seconds(60))
        }
        try subscriber.subscribe("t", messageFrom: 150e9)
        try subscriber.startDeliveries()
        #expect(try subscriber.nextPublication().arguments == [1])
        #expect(try subscriber.nextPublication().arguments == [2])
        #expect(try subscriber.receive().isEmpty)
    }

    @Test("Every encoding says the same", arguments: PeerEncoding.allCases)
    func encodings(encoding: PeerEncoding) throws {
        let broker = try InProcessBroker { $0.name = "plant" }
        let peer = try broker.connect("peer", encoding: encoding)
        #expect(try peer.call("rid").data == "plant")
        peer.send(text: #"{"jsonrpc":"2.0","id":7,"method":"rid","params":[]}"#)
        #expect(try peer.answer(to: MessageID(littleEndian: 7))?.data == "plant")
    }

    @Test("A peer that does not read lets what it gets wait in the broker")
    func slow() throws {
        let broker = try InProcessBroker()
        let (publisher, subscriber) = (try broker.connect(), try broker.connect("subscriber"))
        try subscriber.subscribe("t")
        try subscriber.startDeliveries()
        subscriber.isReading = false
        try publisher.publish("t", 1)
        #expect(try subscriber.receive().isEmpty)
        subscriber.isReading = true
        #expect(try subscriber.nextPublication().arguments == [1])
    }

    @Test("Ends are told: of one connection, and of all")
    func ends() throws {
        let broker = try InProcessBroker()
        let (peer, other) = (try broker.connect(), try broker.connect())
        peer.send(bytes: [0xFF])
        #expect(try peer.receive().isEmpty)
        #expect(peer.closing?.code == 1000)
        #expect(!peer.isOpen && other.isOpen && broker.connectionCount == 1)
        broker.shutDown()
        #expect(try other.receive().isEmpty)
        #expect(other.closing == .init(code: 1001, reason: "broker is shutting down"))
        #expect(throws: TestingError.self) { try other.next() }
    }

    @Test("What a test did not expect is an error with a sentence")
    func errors() throws {
        let broker = try InProcessBroker()
        let peer = try broker.connect("peer")
        #expect(throws: TestingError.self) { try broker.connect("peer") }
        let error = #expect(throws: TestingError.self) { try peer.subscribe("") }
        #expect(error?.description.contains("was refused") == true)
        let id = peer.makeID()
        #expect(throws: TestingError.self) { try peer.takeAck(of: id) }
        #expect(throws: TestingError.self) { try peer.nextPublication() }
        try peer.expose("mine")
        let caller = try broker.connect()
        _ = caller.sendCall("mine")
        #expect(throws: TestingError.self) { try peer.nextPublication() }
    }

    @Test("What a broker in memory does not do is refused")
    func refusal() {
        #expect(throws: BrokerError.self) { try InProcessBroker { $0.security.isSecure = true } }
    }

    /// Its own function, because a broker stays on the thread that made it and readers wait.
    private func eventsOfOneConnection() throws -> BrokerEvents {
        let broker = try InProcessBroker()
        let events = broker.events(limit: 10)
        _ = try broker.connect("meter")
        return events
    }

    @Test("The broker's events can be read, until it ends")
    func events() async throws {
        var kinds: [BrokerEvent.Kind] = []
        for await event in try eventsOfOneConnection() { kinds.append(event.kind) }
        guard case .connected = kinds.first, case .identified(let connection) = kinds.dropFirst().first else {
            Issue.record("\(kinds)")
            return
        }
        #expect(connection.name == "meter")
    }
}
