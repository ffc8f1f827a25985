import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// HTTP/1.1 as bytes: keep-alive, pipelining, pieces, expectations.
@Suite("HTTP: connections")
struct ConnectionTests {
    private func get(_ path: String, _ headers: [String: String] = [:]) -> String {
        HTTPClient.text("GET", path, nil, headers)
    }

    @Test("A connection serves many requests")
    func keepAlive() throws {
        let stage = try HTTPStage()
        let client = try stage.client()
        for _ in 0..<3 { #expect(try client.request("GET", "/rid").json == stage.name) }
        #expect(!client.isClosed)
        #expect(try client.request("GET", "/rid", nil, ["Connection": "close"]).headers["connection"] == "close")
        #expect(client.isClosed)
    }

    @Test("HTTP/1.0")
    func old() throws {
        let stage = try HTTPStage()
        let client = try stage.client()
        client.send("GET /rid HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try client.read().headers["connection"] == "keep-alive")
        client.send("GET /rid HTTP/1.0\r\n\r\n")
        #expect(try client.read().json == stage.name)
        #expect(client.isClosed)
    }

    @Test("Pipelined requests are answered in order", arguments: HTTPStage.loops)
    func pipelined(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let (provider, subscriber) = (try stage.provider("provider", "slow"), try stage.subscriber(to: "after"))
        let client = try stage.client()
        // The first one waits for a component, the others do not overtake it.
        let many = String(repeating: get("/rid"), count: 500)
        client.send(get("/slow") + HTTPClient.text("POST", "/after", "[1]") + get("/nobody") + many)
        #expect(client.rest.isEmpty)
        #expect(try subscriber.receive().isEmpty)
        provider.answer(try provider.nextCall(), "at last")
        #expect(try client.read().json == "at last")
        #expect(try client.read().status == 200)
        #expect(try client.read().status == 404)
        for _ in 0..<500 { #expect(try client.read().json == stage.name) }
        #expect(try subscriber.nextPublication().arguments == [1])
        #expect(client.rest.isEmpty && !client.isClosed)
    }

    @Test("A request in single bytes")
    func bytes() throws {
        let stage = try HTTPStage()
        let subscriber = try stage.subscriber(to: "topic")
        let client = try stage.client()
        for byte in HTTPClient.text("POST", "/topic?qos=1", #"[{"a": 1}]"#).utf8 {
            #expect(client.rest.isEmpty)
            client.send([byte])
        }
        #expect(try client.read().status == 200)
        #expect(try subscriber.nextPublication().arguments == [["a": 1]])
    }

    @Test("A body in chunks", arguments: ["chunked", "Chunked"])
    func chunks(coding: String) throws {
        let stage = try HTTPStage()
        let provider = try stage.provider("provider", "echo")
        let client = try stage.client()
        let body = Array("[[\((0..<1000).map { "{\"n\":\($0)}" }.joined(separator: ","))]]".utf8)
        client.send("GET /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: \(coding)\r\n\r\n")
        for start in stride(from: 0, to: body.count, by: 777) {
            let piece = body[start..<min(start + 777, body.count)]
            client.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
        }
        #expect(try provider.receive().isEmpty)
        client.send("0\r\n\r\n")
        let call = try provider.nextCall()
        #expect(call.arguments == [.array((0..<1000).map { ["n": .integer($0)] })])
        provider.answer(call, 1)
        #expect(try client.read().json == 1)
    }

    @Test("A client that asks before it sends")
    func expectation() throws {
        let stage = try HTTPStage { $0.limits.maxMessageBytes = 1_000_000 }
        let client = try stage.client()
        client.send("POST /topic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.readHead().0 == 100)
        client.send("[1]")
        #expect(try client.read().status == 200)
        // One that will not be wanted is told at once.
        client.send(
            "POST /topic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000001\r\nExpect: 100-continue\r\n\r\n")
        #expect(try client.read().status == 413)
        #expect(try stage.post("/topic", "[1]", ["Expect": "miracles"]).status == 417)
    }

    @Test(
        "What is no HTTP",
        arguments: [
            "nonsense\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "\0\u{1}\u{2}\r\n\r\n",
        ])
    func noHTTP(text: String) throws {
        let stage = try HTTPStage()
        let client = try stage.client()
        client.send(text)
        let answer = try client.read()
        #expect(answer.status == 400 && !answer.error.isEmpty)
        #expect(client.isClosed)
        try stage.expectService()
    }

    @Test("Nonsense behind a request that is being answered", arguments: HTTPStage.loops)
    func nonsense(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let provider = try stage.provider("provider", "slow")
        let client = try stage.client()
        client.send(get("/slow") + "nonsense\r\n\r\n")
        #expect(client.rest.isEmpty)
        provider.answer(try provider.nextCall(), 7)
        #expect(try client.read().json == 7)
        #expect(try client.read().status == 400)
        #expect(client.isClosed)
    }

    @Test("What is wrong behind a good request is answered behind it")
    func behind() throws {
        let stage = try HTTPStage()
        let hosts = try stage.client()
        hosts.send("GET /healthz HTTP/1.1\r\nHost: a.localhost:1\r\nHost: b\r\n\r\n")
        #expect(try hosts.read().status == 400)
        let client = try stage.client()
        client.send(get("/healthz") + "FOO / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(try client.read().status == 200)
        #expect(try client.read().status == 501)
        #expect(client.isClosed)
    }
}
