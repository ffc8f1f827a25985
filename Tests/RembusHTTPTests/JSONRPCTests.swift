import NIOCore
import NIOHTTP1
import RembusWire
import Testing

@testable import RembusHTTP

@Suite struct JSONRPCTests {
    private func call(_ text: String) throws(JSONRPCError) -> JSONRPCCall {
        try JSONRPCCall((try? Value(jsonText: text)) ?? .null, idLiteral: literal(text))
    }

    private func literal(_ text: String) -> String? {
        JSONLiterals.members("id", of: ByteBuffer(string: text), limits: .standard).first ?? nil
    }

    private func written(_ id: JSONRPCID?) -> String? {
        id.map { id in
            var buffer = ByteBuffer()
            id.write(into: &buffer)
            return String(buffer: buffer)
        }
    }

    @Test(
        arguments: [
            "1", "0", "-0", "-1", "1.50", "1e3", "1E+3", "18446744073709551615", "18446744073709551616",
            "-9223372036854775809", "123456789012345678901234567890.12345", "null", #""seven""#,
        ])
    func anIDGoesBackAsItCame(id: String) throws {
        #expect(written(try call(#"{"jsonrpc":"2.0","method":"m","params":[{"id":5}],"id" : \#(id) }"#).id) == id)
    }

    @Test func theLastIDCounts() throws {
        #expect(written(try call(#"{"id":1.0,"jsonrpc":"2.0","method":"m","id":2.0}"#).id) == "2.0")
    }

    @Test func everyRequestOfABatchHasItsOwnID() {
        let batch = ByteBuffer(string: #"[{"id":1.0},7,{},{"a":{"id":9.0},"id":2e1}]"#)
        #expect(JSONLiterals.members("id", of: batch, limits: .standard) == ["1.0", nil, nil, "2e1"])
    }

    @Test func parametersByPositionByNameAndNone() throws {
        #expect(try call(#"{"jsonrpc":"2.0","method":"m","params":[1,"a"],"id":1}"#).arguments == [1, "a"])
        #expect(try call(#"{"jsonrpc":"2.0","method":"m","params":{"a":1},"id":1}"#).arguments == [["a": 1]])
        #expect(try call(#"{"jsonrpc":"2.0","method":"m","id":1}"#).arguments == [])
    }

    @Test func withoutAnIDNobodyIsAnswered() throws {
        #expect(try call(#"{"jsonrpc":"2.0","method":"m"}"#).id == nil)
        #expect(written(try call(#"{"jsonrpc":"2.0","method":"m","id":null}"#).id) == "null")
    }

    @Test(arguments: [("a/b", "a", "b"), ("site/pump7/start", "site/pump7", "start")])
    func aSlashCanNameAComponent(method: String, target: String, rest: String) throws {
        let direct = try #require(try call(#"{"jsonrpc":"2.0","method":"\#(method)","id":1}"#).direct)
        #expect(direct.target == target && direct.method == rest)
    }

    @Test(arguments: ["m", "/m", "m/"])
    func aSlashMayJustBePartOfAName(method: String) throws {
        #expect(try call(#"{"jsonrpc":"2.0","method":"\#(method)","id":1}"#).direct == nil)
    }

    @Test(
        arguments: [
            ("7", -32600), (#"{"method":"m","id":1}"#, -32600), (#"{"jsonrpc":"2.0","method":1}"#, -32600),
            (#"{"jsonrpc":"2.0","method":"m","id":{}}"#, -32600),
            (#"{"jsonrpc":"2.0","method":"m","params":1,"id":1}"#, -32602),
        ] as [(String, Int64)])
    func whatIsNoRequestHasACode(text: String, code: Int64) {
        do throws(JSONRPCError) {
            _ = try call(text)
            Issue.record("\(text) was taken for a request")
        } catch {
            #expect(error.code.rawValue == code)
        }
    }

    @Test(
        arguments: [
            (.methodNotFound, -32601), (.methodArgsError, -32602), (.methodException, -32000), (.error, -32000),
            (.methodUnavailable, -32000), (.targetDown, -32000),
        ] as [(StatusCode, Int64)])
    func aStatusBecomesACode(status: StatusCode, code: Int64) {
        let error = JSONRPCError(HTTPFailure(status, "text"), id: JSONRPCID(7, literal: nil))
        #expect(error.code.rawValue == code)
        #expect(error.object["data"] == ["sts": Value(unsigned: status.rawValue)])
        #expect(written(error.id) == "7")
    }

    @Test(
        arguments: [
            (.error, "unauthorized: no grant", 403), (.error, nil, 403), (.error, "the topic is too long", 400),
            (.error, "Too many calls: 3 of this connection wait for an answer.", 429), (.methodException, "x", 502),
            (.methodNotFound, "t", 404), (.methodUnavailable, "t", 503),
            (.methodUnavailable, "The provider of `t` did not answer within 1 s", 504),
            (.targetDown, "n", 503), (.unknownAdminCommand, nil, 404), (.timeout, nil, 504),
            (StatusCode(rawValue: 99), "odd", 502),
        ] as [(StatusCode, String?, UInt)])
    func aStatusBecomesAStatusOfHTTP(code: StatusCode, text: String?, status: UInt) {
        let failure = HTTPFailure(code, text.map { .text($0) } ?? .null)
        #expect(failure.status.code == status)
        #expect(!failure.text.isEmpty && failure.json["sts"] == Value(unsigned: code.rawValue))
    }
}
