import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// JSON-RPC 2.0 over HTTP: ids, errors, publications.
@Suite("HTTP: JSON-RPC")
struct JSONRPCRequestTests {
    private static func failure(_ code: Int64, _ id: Value) -> Value {
        ["jsonrpc": "2.0", "error": ["code": .integer(code)], "id": id]
    }

    private static func result(_ result: Value, _ id: Value) -> Value {
        ["jsonrpc": "2.0", "result": result, "id": id]
    }

    /// Section 7 of https://www.jsonrpc.org/specification, with a method of two names where theirs is `foobar`.
    private static let examples: [(String, Value?)] = [
        (#"{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}"#, result(19, 1)),
        (#"{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}"#, result(-19, 2)),
        (
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}"#,
            result(19, 3)
        ),
        (
            #"{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}"#,
            result(19, 4)
        ),
        (#"{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}"#, nil),
        (#"{"jsonrpc": "2.0", "method": "foobar"}"#, nil),
        (#"{"jsonrpc": "2.0", "method": "foobar", "id": "1"}"#, failure(-32601, "1")),
        (#"{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]"#, failure(-32700, .null)),
        (#"{"jsonrpc": "2.0", "method": 1, "params": "bar"}"#, failure(-32600, .null)),
        (
            #"[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},{"jsonrpc": "2.0", "method""#,
            failure(-32700, .null)
        ),
        ("[]", failure(-32600, .null)), ("[1]", [failure(-32600, .null)]),
        ("[1,2,3]", .array(Array(repeating: failure(-32600, .null), count: 3))),
        (
            """
            [
                {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
                {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
                {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
                {"foo": "boo"},
                {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
                {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
            ]
            """,
            [
                result(7, "1"), result(19, "2"), failure(-32600, .null), failure(-32601, "5"),
                result(["hello", 5], "9"),
            ]
        ),
        (
            #"[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]}, {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]"#,
            nil
        ),
    ]

    @Test("The examples of the specification", arguments: examples)
    func example(request: String, response: Value?) throws {
        for loops in HTTPStage.loops {
            let answer = try JSONRPCStage(loops: loops).send(request)
            #expect(answer.status == 200)
            guard let response else {
                #expect(answer.bytes.isEmpty)
                continue
            }
            #expect(withoutMessages(answer.json) == response)
        }
    }

    /// Messages are for people: the specification fixes the codes.
    private func withoutMessages(_ answer: Value) -> Value {
        if let answers = answer.arrayValue { return .array(answers.map(withoutMessages)) }
        guard let error = answer["error"], let code = error["code"], error["message"]?.stringValue != nil else {
            return answer
        }
        return ["jsonrpc": answer["jsonrpc"] ?? .null, "error": ["code": code], "id": answer["id"] ?? .null]
    }

    @Test(
        "Every error has its code",
        arguments: [
            (#"{"jsonrpc":"1.0","method":"rid","id":1}"#, -32600, 1), (#"{"method":"rid","id":1}"#, -32600, 1),
            (#"{"jsonrpc":"2.0","id":1}"#, -32600, 1), (#"{"jsonrpc":"2.0","method":"","id":1}"#, -32600, 1),
            (#"{"jsonrpc":"2.0","method":"rid","id":[1]}"#, -32600, .null),
            (#"{"jsonrpc":"2.0","method":"rid","id":true}"#, -32600, .null),
            (#"{"jsonrpc":"2.0","method":"rid","params":"x","id":1}"#, -32602, 1),
            (#"{"jsonrpc":"2.0","method":"rid","params":null,"id":1}"#, -32602, 1),
            (#"{"jsonrpc":"2.0","method":"nobody","id":1}"#, -32601, 1), (#""text""#, -32600, .null),
            ("7", -32600, .null),
            (String(repeating: "[", count: 100) + String(repeating: "]", count: 100), -32700, .null),
            (#"{"jsonrpc":"2.0","method":"rid","id":1} x"#, -32700, .null),
        ] as [(String, Int64, Value)])
    func code(request: String, code: Int64, id: Value) throws {
        let answer = try HTTPStage().post("/", request)
        #expect(answer.status == 200)
        #expect(withoutMessages(answer.json) == Self.failure(code, id))
    }

    @Test("Nothing is a parse error, which is said")
    func nothing() throws {
        let error = try HTTPStage().post("/", "").json["error"]
        #expect(error == ["code": -32700, "message": "invalid JSON: the body is empty"])
    }

    @Test("What is no JSON is a parse error", arguments: ["", " ", "\n", "{", "nul", "1 2"])
    func noJSON(body: String) throws {
        #expect(withoutMessages(try HTTPStage().post("/", body).json) == Self.failure(-32700, .null))
    }

    @Test(
        "It is JSON, whatever it is called",
        arguments: [
            ("application/json", 200), ("application/json; charset=utf-8", 200),
            ("application/x-www-form-urlencoded", 200),
            ("text/plain", 415), ("text/csv", 415),
        ])
    func type(type: String, status: Int) throws {
        let answer = try HTTPStage().post("/", #"{"jsonrpc":"2.0","method":"rid","id":1}"#, ["Content-Type": type])
        #expect(answer.status == status)
    }

    @Test("What a provider throws", arguments: HTTPStage.loops)
    func thrown(loops: Int) throws {
        let answer = try JSONRPCStage(loops: loops).send(#"{"jsonrpc":"2.0","method":"fail","id":1}"#)
        #expect(answer.json["error"] == ["code": -32000, "message": "out of order", "data": ["sts": 40]])
    }

    @Test("A method without parameters gets none, one with named ones a map")
    func parameters() throws {
        let stage = try JSONRPCStage()
        func echo(_ parameters: String) throws -> Value? {
            try stage.send(#"{"jsonrpc":"2.0","method":"echo"\#(parameters),"id":1}"#).json["result"]
        }
        #expect(try echo("") == [[]])
        #expect(try echo(#","params":[[1]]"#) == [[[1]]])
        #expect(try echo(#","params":{}"#) == [[.map([:])]])
    }

    @Test("A method of one component; a whole name comes first", arguments: HTTPStage.loops)
    func direct(loops: Int) throws {
        let stage = try JSONRPCStage(loops: loops)
        let found = try stage.send(#"{"jsonrpc":"2.0","method":"provider/subtract","params":[3,1],"id":1}"#)
        #expect(found.json["result"] == 2)
        let missing = try stage.send(#"{"jsonrpc":"2.0","method":"nobody/subtract","params":[3,1],"id":1}"#)
        #expect(missing.json["error"]?["code"] == -32601 && missing.json["error"]?["data"] == ["sts": 42])
        let slashes = try stage.http.provider("slashes", "provider/echo")
        let client = try stage.http.client()
        client.send(HTTPClient.text("POST", "/", #"{"jsonrpc":"2.0","method":"provider/echo","id":1}"#))
        slashes.answer(try slashes.nextCall(), "the whole name")
        #expect(try client.read().json["result"] == "the whole name")
    }

    @Test("A notification is a publication", arguments: HTTPStage.loops)
    func notification(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let subscriber = try stage.subscriber(to: "plant/7")
        let answer = try stage.post("/", #"{"jsonrpc":"2.0","method":"plant/7","params":[{"t":21.5}]}"#)
        #expect(answer.status == 200 && answer.bytes.isEmpty)
        #expect(try subscriber.nextPublication().arguments == [["t": 21.5]])
        let batch = (0..<3).map { #"{"jsonrpc":"2.0","method":"plant/7","params":{"n":\#($0)}}"# }.joined(
            separator: ",")
        #expect(try stage.post("/", "[\(batch)]").bytes.isEmpty)
        #expect(
            try (0..<3).map { _ in try subscriber.nextPublication().arguments } == (0..<3).map { [["n": .integer($0)]] }
        )
        #expect(try subscriber.receive().isEmpty)
    }

    @Test("A long batch is answered in order, whatever the order of the answers", arguments: HTTPStage.loops)
    func longBatch(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let provider = try stage.provider("provider", "sum")
        let batch = (0..<300).map { #"{"jsonrpc":"2.0","method":"sum","params":[\#($0)],"id":\#($0)}"# }
        let client = try stage.client()
        client.send(HTTPClient.text("POST", "/", "[\(batch.joined(separator: ","))]"))
        let calls = try batch.map { _ in try provider.nextCall() }
        for call in calls.reversed() { provider.answer(call, call.arguments[0]) }
        let answers = try #require(try client.read().json.arrayValue)
        #expect(answers == (0..<300).map { Self.result(.integer($0), .integer($0)) })
    }

    @Test("A batch that is too long")
    func tooLong() throws {
        let batch = Array(repeating: #"{"jsonrpc":"2.0","method":"n"}"#, count: 10_001).joined(separator: ",")
        #expect(try HTTPStage().post("/", "[\(batch)]").json["error"]?["code"] == -32600)
    }
}
