import NIOHTTP1
import RembusWire
import Testing

@testable import RembusHTTP

@Suite struct JSONRPCTests {
    private func call(_ text: String) throws(JSONRPCError) -> JSONRPCCall {
        try JSONRPCCall((try? Value(jsonText: text)) ?? .null)
    }

    @Test func parametersByPositionByNameAndNone() throws {
        #expect(try call(#"{"jsonrpc":"2.0","method":"m","params":[1,"a"],"id":1}"#).arguments == [1, "a"])
        #expect(try call(#"{"jsonrpc":"2.0","method":"m","params":{"a":1},"id":1}"#).arguments == [["a": 1]])
        #expect(try call(#"{"jsonrpc":"2.0","method":"m","id":1}"#).arguments == [])
    }

    @Test func withoutAnIDNobodyIsAnswered() throws {
        #expect(try call(#"{"jsonrpc":"2.0","method":"m"}"#).id == nil)
        #expect(try call(#"{"jsonrpc":"2.0","method":"m","id":null}"#).id == .null)
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
        let error = JSONRPCError(HTTPFailure(status, "text"), id: 7)
        #expect(error.code.rawValue == code)
        #expect(error.json["error"]?["data"] == ["sts": Value(unsigned: status.rawValue)])
        #expect(error.json["id"] == 7)
    }

    @Test(
        arguments: [
            (.error, "unauthorized", 403), (.error, nil, 403), (.error, "the topic is too long", 400),
            (.error, "more than 3 calls wait for an answer", 429), (.methodException, "x", 502),
            (.methodNotFound, "t", 404), (.methodUnavailable, "t", 503), (.methodUnavailable, "t: timeout", 504),
            (.targetDown, "n", 503), (.unknownAdminCommand, nil, 404), (.timeout, nil, 504),
            (StatusCode(rawValue: 99), "odd", 502),
        ] as [(StatusCode, String?, UInt)])
    func aStatusBecomesAStatusOfHTTP(code: StatusCode, text: String?, status: UInt) {
        let failure = HTTPFailure(code, text.map { .text($0) } ?? .null)
        #expect(failure.status.code == status)
        #expect(!failure.text.isEmpty && failure.json["sts"] == Value(unsigned: code.rawValue))
    }
}
