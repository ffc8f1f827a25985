import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// Calls over HTTP: behaviour.md §17.
@Suite("HTTP: calls")
struct CallRequestTests {
    private static let bodies: [(String?, [Value])] = [
        (nil, []), ("", []), (" \n", []), ("[]", []), ("[1,2]", [1, 2]), (#"{"a":1}"#, [["a": 1]]),
        (#""text""#, ["text"]),
        ("7", [7]), ("null", [.null]), ("[[1],null,true,-1.5e3]", [[1], .null, true, -1500.0]),
        (#"["\u00e9\ud83d\ude00\n", "ü"]"#, ["é😀\n", "ü"]),
        ("[18446744073709551615, -9223372036854775808]", [.unsigned(.max), .integer(.min)]),
        ("[\((0..<300).map(String.init).joined(separator: ","))]", (0..<300).map { .integer($0) }),
        (
            "[[\((0..<30).map(String.init).joined(separator: ","))],{\((0..<40).map { "\"\($0)\":\($0)" }.joined(separator: ","))}]",
            [
                .array((0..<30).map { .integer($0) }),
                .map(ValueMap(uniqueKeysWithValues: (0..<40).map { ("\($0)", .integer($0)) })),
            ]
        ),
    ]

    @Test("Arguments are an array, one value or nothing", arguments: bodies)
    func arguments(body: String?, arguments: [Value]) throws {
        for loops in HTTPStage.loops {
            let stage = try HTTPStage(loops: loops)
            let provider = try stage.provider("provider", "echo")
            for (method, path) in [("GET", "/echo"), ("POST", "/rpc/echo")] {
                var given: [Value]?
                let answer = try stage.call(method, path, body, at: provider) { call in
                    given = call.arguments
                    return [.array(call.arguments)]
                }
                #expect(given == arguments)
                #expect(answer.status == 200 && answer.json == [.array(arguments)])
                #expect(answer.headers["content-type"] == "application/json")
            }
        }
    }

    @Test("Arguments in the query")
    func query() throws {
        let stage = try HTTPStage()
        let provider = try stage.provider("provider", "q")
        #expect(try stage.call("GET", "/q?args=%5B1,%22a%20b%22%5D", at: provider).json == [[1, "a b"]])
        #expect(try stage.call("GET", "/q?args=5", at: provider).json == [[5]])
        #expect(try stage.get("/q?args=5", "[1]").status == 400)
        #expect(try stage.get("/q?args=%5B").status == 400)
        #expect(try provider.receive().isEmpty)
    }

    @Test(
        "Any topic can be called",
        arguments: ["plant/7/start", "a b", "ü/😀", "rpc", "admin/x", "50%", "a+b", "x?y#z"])
    func topics(topic: String) throws {
        let stage = try HTTPStage()
        let provider = try stage.provider("provider", topic)
        let whole = percentEncoded(topic)
        for (method, path) in [
            ("GET", "/\(topic == "rpc" ? "rpc/rpc" : whole)"), ("POST", "/rpc/\(percentEncoded(topic, keeping: "/"))"),
            ("GET", "/rpc/\(whole)"),
        ] {
            #expect(try stage.call(method, path, at: provider) { _ in "here" }.json == "here", "\(method) \(path)")
        }
    }

    @Test("A call to one component", arguments: HTTPStage.loops)
    func target(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let (first, second) = (try stage.provider("p1", "who"), try stage.provider("p2", "who"))
        #expect(try stage.call("GET", "/who?target=p2", at: second) { _ in 2 }.json == 2)
        #expect(try stage.call("GET", "/who?target=p1", at: first) { _ in 1 }.json == 1)
        let gone = try stage.get("/who?target=nobody")
        #expect(gone.status == 503 && gone.json["sts"] == 45)
        #expect(try first.receive().isEmpty && second.receive().isEmpty)
    }

    @Test("What a provider throws, and what is not there", arguments: HTTPStage.loops)
    func failures(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let provider = try stage.provider("provider", "bad")
        let client = try stage.client()
        client.send(HTTPClient.text("GET", "/bad"))
        provider.answer(try provider.nextCall(), "no such pump", status: .methodException)
        let answer = try client.read()
        #expect(answer.status == 502 && answer.json == ["error": "no such pump", "sts": 40])
        let missing = try stage.get("/nobody")
        #expect(missing.status == 404 && missing.json["sts"] == 42 && missing.error.contains("nobody"))
    }

    @Test("A provider that does not answer is a time-out", arguments: HTTPStage.loops)
    func timeOut(loops: Int) throws {
        let stage = try HTTPStage(loops: loops) { $0.requestTimeout = .seconds(1) }
        let provider = try stage.provider("provider", "slow")
        let client = try stage.client()
        client.send(HTTPClient.text("GET", "/slow"))
        stage.broker.advance(by: .milliseconds(999))
        #expect(client.rest.isEmpty)
        stage.broker.advance(by: .milliseconds(251))
        let answer = try client.read()
        #expect(answer.status == 504 && answer.json["sts"] == 43)
        // Its late answer goes to nobody.
        provider.answer(try provider.nextCall(), 1)
        #expect(client.rest.isEmpty)
        #expect(try client.request("GET", "/rid").json == stage.name)
    }

    @Test("A caller says how long it waits")
    func ownTime() throws {
        let stage = try HTTPStage()
        _ = try stage.provider("provider", "slow")
        func late(_ method: String, _ path: String, _ body: String? = nil) throws -> HTTPAnswer {
            let client = try stage.client()
            client.send(HTTPClient.text(method, path, body))
            #expect(client.rest.isEmpty)
            stage.broker.advance(by: .milliseconds(500))
            return try client.read()
        }
        let answer = try late("GET", "/slow?timeout=0.05")
        #expect(answer.status == 504 && answer.error.contains("within 0.05 s (the time-out of the call)"))
        for (given, said) in [("40", "0.04"), ("40.5", "0.041")] {
            let error = try late("POST", "/", #"{"jsonrpc":"2.0","id":1,"method":"slow","timeout":\#(given)}"#).json[
                "error"]
            #expect(error?["message"]?.stringValue?.contains("within \(said) s (the time-out of the call)") == true)
        }
    }

    @Test("What is no time-out", arguments: ["0", "-1", "soon", "inf", "nan"])
    func noTime(text: String) throws {
        let stage = try HTTPStage()
        let provider = try stage.provider("provider", "slow")
        let answer = try stage.get("/slow?timeout=\(text)")
        #expect(answer.status == 400 && answer.error.contains("timeout must be"))
        #expect(try provider.receive().isEmpty)
    }

    @Test("What is no time-out of JSON-RPC", arguments: ["0", "-1", #""40""#, "true", "null", "[40]"])
    func noTimeOfJSONRPC(text: String) throws {
        let stage = try HTTPStage()
        let provider = try stage.provider("provider", "slow")
        let error = try stage.post("/", #"{"jsonrpc":"2.0","id":1,"method":"slow","timeout":\#(text)}"#).json["error"]
        #expect(error?["code"] == -32600 && error?["message"]?.stringValue?.contains("timeout must be") == true)
        #expect(try provider.receive().isEmpty)
    }

    @Test("A provider that leaves is unavailable", arguments: HTTPStage.loops)
    func leaves(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let provider = try stage.provider("provider", "leaving")
        let client = try stage.client()
        client.send(HTTPClient.text("GET", "/leaving"))
        _ = try provider.nextCall()
        provider.hangUp()
        let answer = try client.read()
        #expect(answer.status == 503 && answer.json["sts"] == 43 && answer.headers["retry-after"] != nil)
        #expect(try stage.get("/leaving").status == 503)
    }

    @Test("Calls of many connections do not meet, whatever the order of their answers", arguments: HTTPStage.loops)
    func many(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let provider = try stage.provider("provider", "same")
        let clients = try (0..<8).map { _ in try stage.client() }
        for round in 0..<50 {
            for (number, client) in clients.enumerated() {
                client.send(HTTPClient.text("GET", "/same", "[\"\(number)-\(round)\"]"))
            }
            let calls = try clients.map { _ in try provider.nextCall() }
            for call in calls.reversed() { provider.answer(call, call.arguments[0]) }
            for (number, client) in clients.enumerated() {
                #expect(try client.read().json == .text("\(number)-\(round)"))
            }
        }
    }

    @Test("A client that leaves while it is served harms nobody", arguments: HTTPStage.loops)
    func clientLeaves(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let provider = try stage.provider("provider", "slow")
        let client = try stage.client()
        client.send(HTTPClient.text("GET", "/slow"))
        let call = try provider.nextCall()
        client.hangUp()
        provider.answer(call, 1)
        try stage.expectService()
        #expect(try stage.call("GET", "/slow", at: provider) { _ in 2 }.json == 2)
    }

    @Test("Too many calls are told to come again", arguments: HTTPStage.loops)
    func tooMany(loops: Int) throws {
        let stage = try HTTPStage(loops: loops) { $0.limits.maxCalls = 2 }
        let provider = try stage.provider("provider", "busy")
        // The limit goes by event loop: these are on one.
        let waiting = try (0..<2 * loops).map { _ in try stage.client() }
        for client in waiting { client.send(HTTPClient.text("GET", "/busy")) }
        let calls = try waiting.map { _ in try provider.nextCall() }
        let answer = try stage.get("/busy")
        #expect(answer.status == 429 && answer.headers["retry-after"] != nil)
        for call in calls { provider.answer(call, 1) }
        for client in waiting { #expect(try client.read().json == 1) }
        try stage.expectService()
        #expect(try stage.call("GET", "/busy", at: provider) { _ in 2 }.json == 2)
    }
}
