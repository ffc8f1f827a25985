import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// What one client may take of memory, places and time.
@Suite("HTTP: limits")
struct RequestLimitTests {
    private static let limit = 1_000_000

    private func stage(loops: Int = 1) throws -> HTTPStage {
        try HTTPStage(loops: loops) {
            $0.limits.maxMessageBytes = Self.limit
            $0.handshakeTimeout = .seconds(1)
        }
    }

    @Test("A body that is too long is refused before it comes")
    func announced() throws {
        let client = try stage().client()
        client.send("POST /topic HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(Self.limit + 1)\r\n\r\n")
        let answer = try client.read()
        #expect(answer.status == 413 && answer.error.contains("\(Self.limit)"))
        #expect(answer.headers["connection"] == "close")
    }

    @Test("A body in chunks that is too long")
    func chunks() throws {
        let stage = try stage()
        let client = try stage.client()
        client.send("POST /topic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        let piece = Array("10000\r\n".utf8) + Array(repeating: UInt8(ascii: "1"), count: 65_536) + [13, 10]
        for _ in 0..<20 { client.send(piece) }
        #expect(try client.read().status == 413)
        // The rest goes nowhere, and not for ever.
        stage.broker.advance(by: .seconds(60))
        #expect(client.isClosed)
        try stage.expectService()
    }

    @Test("A body that grows too long as a message")
    func grows() throws {
        let stage = try stage()
        let client = try stage.client()
        let body = "[" + String(repeating: "0.5,", count: 199_999) + "0.5]"
        #expect(try client.request("POST", "/topic", body).status == 413)
        // It was read to its end, so the connection goes on.
        #expect(try client.request("GET", "/rid").json == stage.name)
    }

    @Test("The largest body passes")
    func largest() throws {
        let stage = try stage()
        let subscriber = try stage.subscriber(to: "topic")
        let text = String(repeating: "x", count: Self.limit - 100)
        #expect(try stage.post("/topic?qos=1", "[\"\(text)\"]").status == 200)
        #expect(try subscriber.nextPublication().arguments == [.text(text)])
    }

    @Test("Headers that are too long")
    func headers() throws {
        let stage = try stage()
        let client = try stage.client()
        client.send(HTTPClient.text("GET", "/rid", nil, ["X": String(repeating: "x", count: 40_000)]))
        #expect(try client.read().status == 431)
        #expect(client.isClosed)
        try stage.expectService()
    }

    @Test("Who never finishes its headers is hung up on", arguments: ["", "GET /rid HTTP/1.1\r\nX: "])
    func neverFinished(text: String) throws {
        let stage = try stage()
        let client = try stage.client()
        client.send(text)
        stage.broker.advance(by: .milliseconds(990))
        #expect(!client.isClosed)
        stage.broker.advance(by: .milliseconds(20))
        #expect(client.isClosed)
        try stage.expectService()
    }

    @Test("Who never finishes its body is told so")
    func neverFinishedBody() throws {
        let stage = try stage()
        let client = try stage.client()
        client.send("POST /topic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n[1")
        stage.broker.advance(by: .seconds(29))
        #expect(client.rest.isEmpty && !client.isClosed)
        stage.broker.advance(by: .seconds(2))
        #expect(try client.read().status == 408)
    }

    @Test("A connection that nothing comes on is ended, one that waits for an answer is not")
    func idle() throws {
        let stage = try HTTPStage { $0.requestTimeout = .seconds(3600) }
        let provider = try stage.provider("provider", "slow")
        let (idle, waiting) = (try stage.client(), try stage.client())
        #expect(try idle.request("GET", "/rid").status == 200)
        waiting.send(HTTPClient.text("GET", "/slow"))
        stage.broker.advance(by: .seconds(70))
        #expect(!idle.isClosed)
        stage.broker.advance(by: .seconds(20))
        #expect(idle.isClosed && !waiting.isClosed)
        provider.answer(try provider.nextCall(), 1)
        #expect(try waiting.read().json == 1)
    }

    @Test("Who does not take its answers gets no more", arguments: HTTPStage.loops)
    func unread(loops: Int) throws {
        let stage = try stage(loops: loops)
        let provider = try stage.provider("provider", "much")
        let client = try stage.client()
        client.isReading = false
        client.send(String(repeating: HTTPClient.text("GET", "/much"), count: 150))
        // Nothing is even begun for it.
        #expect(try provider.receive().isEmpty)
        client.isReading = true
        provider.answer(try provider.nextCall(), "first")
        #expect(try client.read().json == "first")
        client.isReading = false
        provider.answer(try provider.nextCall(), "second")
        #expect(try provider.receive().isEmpty)
        client.isReading = true
        #expect(try client.read().json == "second")
        for number in 2..<150 {
            provider.answer(try provider.nextCall(), .integer(Int64(number)))
            #expect(try client.read().json == .integer(Int64(number)))
        }
        #expect(client.rest.isEmpty && !client.isClosed)
    }

    @Test("Too many connections of one address; the place of one that ends is free", arguments: HTTPStage.loops)
    func connections(loops: Int) throws {
        let stage = try HTTPStage(loops: loops) { $0.limits.maxConnectionsPerAddress = 3 }
        let clients = try (0..<3).map { _ in try stage.client() }
        for client in clients { #expect(try client.request("GET", "/rid").status == 200) }
        #expect(try stage.client().isClosed)
        clients[0].hangUp()
        #expect(try stage.client().request("GET", "/rid").status == 200)
        #expect(try clients[1].request("GET", "/rid").status == 200)
    }
}
