import NIOCore
import RembusListening
import RembusStore
import RembusTesting
import RembusTransport
import RembusTrust
import RembusWire
import Testing

@testable import RembusBroker

/// The last values of topics: what is kept, within which bounds, and how a subscription begins with them.
@Suite("Last values")
struct LastValuesTests {
    private let broker = FuzzBroker(.remembering, lanes: 3, lastValues: ["kept/**", "one"])

    private func open(_ name: String? = nil, lane: Int = 0) throws -> (session: GatewaySession, sink: TestSink) {
        let host = GatewayHost(core: broker.core, group: ManualLoopGroup(broker.loops), certificates: nil)
        let sink = TestSink()
        let session = try #require(
            host.makeSession(on: broker.loops[lane], address: "127.0.0.1:1", facts: ConnectionFacts(), sink: sink))
        if let name { session.logIn(.init(name: name, isProven: true)) { _ in } }
        broker.settle()
        return (session, sink)
    }

    private func publish(_ topic: String, _ number: Int64, lane: Int = 1, _ intent: LastValueIntent? = nil) throws {
        let (publisher, _) = try open(lane: lane)
        var frame = ByteBuffer()
        Message.publish(.init(topic: topic, arguments: [.integer(number)])).encodeCBOR(into: &frame)
        #expect(publisher.publish(frame, lastValue: intent) == .accepted)
        publisher.endWork()
        publisher.close()
        broker.settle()
    }

    private func numbers(_ sink: TestSink) -> [Int64] {
        sink.messages.compactMap { message in
            guard case .publish(let publish) = message else { return nil }
            return publish.arguments.last?.intValue.map { Int64($0) }
        }
    }

    private func subscribe(_ session: GatewaySession, _ topic: String, lastValue: Bool = true) {
        #expect(session.perform(.subscribe(messageFrom: 0, lastValue: lastValue), topic: topic).status == .ok)
        #expect(session.perform(.reactive(true, messageFrom: nil), topic: "").status == .ok)
        session.endWork()
    }

    @Test(
        "A subscription begins with the last value of each topic, then comes what is live", arguments: [nil, "reader"])
    func beginning(name: String?) throws {
        for number in 1...3 { try publish("kept/a", Int64(number), lane: number - 1) }
        try publish("kept/b", 4)
        try publish("other", 5)
        let (reader, sink) = try open(name)
        subscribe(reader, "**")
        #expect(numbers(sink) == [3, 4])
        try publish("kept/a", 6)
        try publish("other", 7)
        #expect(numbers(sink) == [3, 4, 6, 7])
        // Asked for once more, on a connection that delivers already.
        #expect(reader.perform(.subscribe(messageFrom: 0, lastValue: true), topic: "kept/a").status == .ok)
        reader.endWork()
        #expect(numbers(sink) == [3, 4, 6, 7, 6])
    }

    @Test("A publication whose route was found before a subscription came, and kept after that looked, comes live")
    func noGap() throws {
        try publish("kept/a", 1)
        let (publisher, _) = try open(lane: 1)
        var frame = ByteBuffer()
        Message.publish(.init(topic: "kept/a", arguments: [2])).encodeCBOR(into: &frame)
        let old = broker.core.lanes[1].route("kept/a")
        // The unit of work has begun before, so its clock is behind.
        _ = broker.core.lanes[1].nextReceiveTime()
        let (reader, sink) = try open()
        subscribe(reader, "kept/*")
        #expect(numbers(sink) == [1])
        #expect(old.isStale)
        frame.withUnsafeReadableBytes { bytes in
            guard case .regular(let header) = FrameHeader.parse(bytes) else { return #expect(Bool(false), "no frame") }
            #expect(publisher.session.keepAndPass(header, bytes, owner: nil, along: old) == .accepted)
        }
        publisher.endWork()
        broker.settle()
        #expect(numbers(sink) == [1, 2])
    }

    @Test("A publication that was kept before a subscription looked, and arrives after that, does not come twice")
    func nothingTwice() throws {
        let (reader, sink) = try open()
        #expect(reader.perform(.subscribe(messageFrom: 0, lastValue: true), topic: "kept/*").status == .ok)
        let (publisher, _) = try open(lane: 1)
        publisher.receive(.publish(.init(topic: "kept/a", arguments: [1])))
        #expect(broker.core.lanes[1].route("kept/a").remoteLanes.contains(0))
        #expect(reader.perform(.reactive(true, messageFrom: nil), topic: "").status == .ok)
        reader.endWork()
        #expect(numbers(sink) == [1])
        publisher.endWork()
        broker.settle()
        #expect(numbers(sink) == [1])
    }

    @Test("A connection that takes nothing gets the values when it does, and then what has replaced them")
    func fullConnection() throws {
        for number in 1...3 { try publish("kept/\(number)", Int64(number)) }
        let (reader, sink) = try open()
        reader.link.setSinkBacklog(1 << 20)
        subscribe(reader, "kept/*")
        try publish("kept/1", 4)
        try publish("kept/4", 5)
        #expect(numbers(sink) == [])
        reader.link.setSinkBacklog(0)
        broker.advance(by: .seconds(1))
        #expect(numbers(sink) == [1, 2, 3, 4, 5])
        try publish("kept/1", 6)
        #expect(numbers(sink) == [1, 2, 3, 4, 5, 6])
    }

    @Test("Who does not ask for it gets what comes only")
    func notAsked() throws {
        try publish("one", 1)
        let (reader, sink) = try open()
        subscribe(reader, "one", lastValue: false)
        try publish("one", 2)
        #expect(numbers(sink) == [2])
    }

    @Test("A gateway's client keeps and forgets, on any topic")
    func intents() throws {
        try publish("any", 1, .keep(expiry: nil))
        try publish("any", 2)
        #expect(broker.core.lastValues.value(of: "any", tenant: ".")?.topic == "any")
        let (reader, sink) = try open()
        subscribe(reader, "any")
        #expect(numbers(sink) == [1])
        try publish("any", 3, .forget)
        #expect(broker.core.lastValues.value(of: "any", tenant: ".") == nil)
        #expect(broker.core.lastValues.byteCount == 0)
        #expect(broker.core.memory.retained == 0)
    }

    @Test("A value that has expired is none, and takes no room any more once it was looked for")
    func expiry() throws {
        try publish("any", 1, .keep(expiry: 0))
        #expect(broker.core.lastValues.value(of: "any", tenant: ".") == nil)
        #expect(broker.core.lastValues.values(matching: TopicPattern("**"), tenant: ".").isEmpty)
        #expect(broker.core.lastValues.byteCount == 0)
    }

    @Test("Private topics' values are for those who may have them")
    func rights() throws {
        try publish("kept/a", 1)
        try publish("kept/b", 2)
        var document = TrustDocument()
        document.privateTopics = ["kept/a"]
        broker.core.tables.setRules(AccessRules(document, trustsNames: false))
        let (reader, sink) = try open("reader")
        subscribe(reader, "kept/*")
        #expect(numbers(sink) == [2])
    }

    @Test("A publication that the store refuses leaves the value as it was")
    func undone() throws {
        let values = LastValues(maxBytes: 1 << 20)
        let slot = values.slot(of: "t", tenant: ".")
        func update(_ number: Int64, at time: UInt64) throws -> LastValues.Change {
            var frame = ByteBuffer()
            Message.publish(.init(topic: "t", arguments: [.integer(number)])).encodeCBOR(into: &frame)
            let change = frame.withUnsafeReadableBytes {
                values.update(
                    slot, .keep(expiry: nil), $0, partition: 0, keepsOld: false, isStale: { false },
                    times: { (time, time + 64) })
            }
            return try #require(change)
        }
        let first = try update(1, at: 1000)
        let bytes = values.byteCount
        values.undo(try update(2_000_000, at: 2000))
        #expect(values.value(of: "t", tenant: ".")?.message.receivedAt == 1064)
        #expect(values.byteCount == bytes)
        values.undo(first)
        #expect(values.value(of: "t", tenant: ".") == nil)
        #expect(values.byteCount == 0)
    }

    @Test("There are no more bytes than the limit, and what does not fit leaves no older value in its place")
    func limit() throws {
        let values = LastValues(maxBytes: 2000)
        func keep(_ topic: String, _ bytes: Int) throws -> Bool {
            var frame = ByteBuffer()
            Message.publish(.init(topic: topic, arguments: [.bytes(ByteBuffer(repeating: 1, count: bytes))]))
                .encodeCBOR(into: &frame)
            let change = frame.withUnsafeReadableBytes {
                values.update(
                    values.slot(of: topic, tenant: "."), .keep(expiry: nil), $0, partition: 0, keepsOld: false,
                    isStale: { false }, times: { (64, 128) })
            }
            #expect(values.byteCount <= 2000)
            return try #require(change).isKept
        }
        #expect(try keep("a", 100))
        #expect(try !keep("b", 1500))
        #expect(values.value(of: "a", tenant: ".") != nil)
        #expect(try !keep("a", 1900))
        #expect(values.value(of: "a", tenant: ".") == nil)
        #expect(values.byteCount == 0)
    }

    @Test("A publication along a route that has become stale is routed again before it is kept")
    func stale() {
        let values = LastValues(maxBytes: 1000)
        let change = values.update(
            values.slot(of: "t", tenant: "."), .keep(expiry: nil), UnsafeRawBufferPointer(start: nil, count: 0),
            partition: 0, keepsOld: false, isStale: { true }, times: { (1, 2) })
        #expect(change == nil)
    }

    @Test("Filters with more segments than a machine word has bits find what they match")
    func longPatterns() throws {
        let topic = Array(repeating: "s", count: 60).joined(separator: "/")
        let values = LastValues(maxBytes: 1 << 20)
        var frame = ByteBuffer()
        Message.publish(.init(topic: topic, arguments: [])).encodeCBOR(into: &frame)
        _ = frame.withUnsafeReadableBytes {
            values.update(
                values.slot(of: topic, tenant: "."), .keep(expiry: nil), $0, partition: 0, keepsOld: false,
                isStale: { false }, times: { (64, 128) })
        }
        let long = "**/" + Array(repeating: "s/**", count: 40).joined(separator: "/")
        #expect(values.values(matching: TopicPattern(long), tenant: ".").map(\.topic) == [topic])
        #expect(values.values(matching: TopicPattern(mqttFilter: "s/#"), tenant: ".").map(\.topic) == [topic])
        #expect(values.values(matching: TopicPattern(long), tenant: "other").isEmpty)
    }
}
