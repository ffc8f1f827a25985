import NIOCore
import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// Server-sent events: publications for browsers and curl, and where they begin.
@Suite("HTTP: events")
struct EventStreamTests {
    @Test("Events are topic, arguments and position", arguments: HTTPStage.loops)
    func form(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let events = try EventReader(stage, "plant/**")
        try stage.post("/publish/plant/7/telemetry", #"[{"temperature": 21.6}, "x"]"#)
        try stage.broker.connect("p").publish("plant/8", .bytes(ByteBuffer(bytes: [0xFF])), qos: .exactlyOnce)
        let first = try events.next()
        #expect(first.name == "plant/7/telemetry" && first.data == [["temperature": 21.6], "x"])
        #expect(first.id?.isEmpty == false)
        let second = try events.next()
        #expect(second.name == "plant/8" && second.data == ["/w=="])
        #expect(events.isSilent)
    }

    @Test(
        "Patterns and topics",
        arguments: [
            ("t", "t"), ("t/a", "t/a"), ("t%2Fa", "t/a"), ("*t/a", "xt/a"), ("**/t/a/", "deep/er/t/a/"),
        ])
    func patterns(pattern: String, topic: String) throws {
        let stage = try HTTPStage()
        let events = try EventReader(stage, pattern)
        try stage.post("/publish/" + topic, "1")
        try stage.post("/publish/other", "2")
        let event = try events.next()
        #expect(event.name == topic && event.data == [1])
        #expect(events.isSilent)
    }

    @Test("Messages for onmessage")
    func messages() throws {
        let stage = try HTTPStage()
        let events = try EventReader(stage, "m?as=message")
        try stage.post("/m", "[1, 2]")
        let event = try events.next()
        #expect(event.name == nil && event.data == ["topic": "m", "args": [1, 2]])
    }

    @Test("A topic cannot make fields")
    func forged() throws {
        let stage = try HTTPStage()
        let events = try EventReader(stage, "*t")
        try stage.post("/a%0Adata:%20forged%0A%0At", #"["line\nbreak"]"#)
        let event = try events.next()
        #expect(event.name == "a data: forged  t" && event.data == ["line\nbreak"])
        #expect(events.isSilent)
    }

    @Test("A reader goes on where it was", arguments: HTTPStage.loops)
    func again(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let first = try EventReader(stage, "again/*")
        for number in 0..<3 { try stage.post("/publish/again/x", "\(number)") }
        #expect(try first.next().data == [0])
        let last = try first.next()
        #expect(last.data == [1])
        first.client.hangUp()
        try stage.post("/publish/again/x", "3")
        let second = try EventReader(stage, "again/*", ["Last-Event-ID": try #require(last.id)])
        // An event that had no id of its own may come again, none may be missing.
        var numbers: [Value] = []
        while numbers.last != [3] { numbers.append(try second.next().data) }
        #expect(numbers.suffix(2) == [[2], [3]])
        #expect(numbers == Array([[0], [1], [2], [3]].suffix(numbers.count)))
        try stage.post("/publish/again/x", "4")
        #expect(try second.next().data == [4])
    }

    @Test("A stream can begin in the past", arguments: HTTPStage.loops)
    func past(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        try stage.post("/past", "-1")
        stage.broker.advance(by: .seconds(61))
        for number in 0..<5 { try stage.post("/past", "\(number)") }
        let events = try EventReader(stage, "past?from=60")
        #expect(try (0..<5).map { _ in try events.next().data } == (0..<5).map { [.integer($0)] })
        let live = try EventReader(stage, "past")
        try stage.post("/past", #"["new"]"#)
        #expect(try live.next().data == ["new"] && events.next().data == ["new"])
        #expect(live.isSilent && events.isSilent)
    }

    @Test(
        "What cannot be streamed",
        arguments: [
            ("/events/x?from=-1", 400), ("/events/x?from=y", 400), ("/events/x?as=y", 400),
            ("/events/" + String(repeating: "x", count: 1025), 400), ("/events/", 404),
        ])
    func refused(path: String, status: Int) throws {
        #expect(try HTTPStage().get(path).status == status)
    }

    @Test("What the client must accept")
    func accept() throws {
        let stage = try HTTPStage()
        #expect(try stage.get("/events/x", nil, ["Accept": "application/json"]).status == 406)
        _ = try EventReader(stage, "x", ["Accept": "text/event-stream"])
    }

    @Test("A position that is none begins now", arguments: HTTPStage.loops)
    func nonsense(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        try stage.post("/odd", #"["old"]"#)
        let events = try EventReader(stage, "odd", ["Last-Event-ID": "nonsense!"])
        try stage.post("/odd", #"["new"]"#)
        #expect(try events.next().data == ["new"])
    }

    @Test("Who publishes hears itself, as everybody does")
    func own() throws {
        let stage = try HTTPStage()
        let dashboard = ["Authorization": "Basic ZGFzaGJvYXJk"]
        let events = try EventReader(stage, "own", dashboard)
        #expect(try stage.post("/own", "1", dashboard).status == 200)
        #expect(try events.next().data == [1])
    }

    @Test("A quiet stream shows now and then that it lives", arguments: HTTPStage.loops)
    func heartbeat(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let events = try EventReader(stage, "x")
        stage.broker.advance(by: .seconds(31))
        #expect(events.isSilent && events.comments > 0)
        try stage.post("/x", "1")
        #expect(try events.next().data == [1])
    }

    @Test("A client that leaves its stream is forgotten", arguments: HTTPStage.loops)
    func gone(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let before = stage.broker.connectionCount
        let events = try EventReader(stage, "x")
        #expect(stage.broker.connectionCount == before + 1)
        events.client.hangUp()
        #expect(stage.broker.connectionCount == before)
        #expect(try stage.post("/x", "1").status == 200)
    }
}
