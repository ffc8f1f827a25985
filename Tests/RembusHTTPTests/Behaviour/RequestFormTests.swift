import NIOCore
import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// The form of bodies and answers.
@Suite("HTTP: the form of bodies")
struct RequestFormTests {
    @Test("Bytes are base64 or raw", arguments: HTTPStage.loops)
    func bytes(loops: Int) throws {
        let stage = try HTTPStage(loops: loops)
        let provider = try stage.provider("provider", "bytes")
        func get(_ accept: String?) throws -> HTTPAnswer {
            try stage.call("GET", "/bytes", nil, accept.map { ["Accept": $0] } ?? [:], at: provider) { _ in
                .bytes(ByteBuffer(bytes: [0x00, 0xFF]))
            }
        }
        #expect(try get(nil).json == "AP8=")
        let raw = try get("application/octet-stream")
        #expect(raw.bytes == [0x00, 0xFF] && raw.headers["content-type"] == "application/octet-stream")
        #expect(try get("application/json;q=0.5, application/octet-stream").bytes == [0x00, 0xFF])
    }

    @Test(
        "What the client accepts",
        arguments: [
            ("*/*", 200), ("application/*", 200), ("application/json; charset=utf-8", 200),
            ("text/html, */*;q=0.1", 200),
            ("text/html", 406), ("application/json;q=0", 406), ("text/csv", 406), ("", 406),
        ])
    func accept(accept: String, status: Int) throws {
        let answer = try HTTPStage().get("/rid", nil, ["Accept": accept])
        #expect(answer.status == status)
        #expect(answer.error.contains("Accept") == (status == 406))
    }

    @Test(
        "What the body may be",
        arguments: [
            ("application/json", 200), ("application/json; charset=utf-8", 200),
            ("application/x-www-form-urlencoded", 200),
            ("application/ld+json", 200), ("application/xml", 415), ("image/png", 415), ("text/plain", 415),
        ])
    func type(type: String, status: Int) throws {
        let stage = try HTTPStage()
        #expect(try stage.post("/types", "[1]", ["Content-Type": type]).status == status)
        #expect(try stage.get("/rid", "[1]", ["Content-Type": type]).status == status)
    }

    @Test("HEAD is GET without the body", arguments: ["/", "/healthz", "/readyz", "/openapi.json", "/rid"])
    func head(path: String) throws {
        let stage = try HTTPStage()
        let client = try stage.client()
        let (get, head) = (try client.request("GET", path), try client.request("HEAD", path))
        #expect(get.status == 200 && head.status == 200 && !get.bytes.isEmpty)
        #expect(head.headers["content-length"] == get.headers["content-length"])
        // Behind it comes the answer to the next one, and not a body.
        #expect(try client.request("GET", "/rid").json == stage.name)
    }

    private static let noJSON: [[UInt8]] =
        ["[1,", "{", "nonsense", "[1] 2", "[\"\u{1}\"]", #""\ud800""#, "1e999", "01", "[1,]"].map { Array($0.utf8) }
        + [
            Array("[\"".utf8) + [0xFF] + Array("\"]".utf8),
            Array((String(repeating: "[", count: 100) + String(repeating: "]", count: 100)).utf8),
        ]

    @Test("Arguments that are no JSON", arguments: noJSON)
    func noArguments(body: [UInt8]) throws {
        let stage = try HTTPStage()
        let subscriber = try stage.subscriber(to: "x")
        let client = try stage.client()
        for head in ["POST /x", "GET /rid"] {
            client.send("\(head) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n")
            client.send(body)
            let answer = try client.read()
            #expect(answer.status == 400 && answer.error.contains("JSON"))
        }
        #expect(try client.request("GET", "/rid").json == stage.name)
        #expect(try subscriber.receive().isEmpty)
    }
}
