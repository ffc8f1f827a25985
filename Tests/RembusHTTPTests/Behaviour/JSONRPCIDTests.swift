import RembusTesting
import RembusWire
import Testing

@testable import RembusHTTP

/// Ids of JSON-RPC, which go back as they were written.
@Suite("HTTP: ids of JSON-RPC")
struct JSONRPCIDTests {
    @Test(
        "Ids come back as they were",
        arguments: ["1", #""1""#, #""ü""#, "null", "0", "-7", "1.5", "9007199254740993", "18446744073709551615"])
    func back(id: String) throws {
        let stage = try HTTPStage()
        let answer = try stage.post("/", #"{"jsonrpc":"2.0","method":"rid","id":\#(id)}"#)
        #expect(answer.body == #"{"jsonrpc":"2.0","result":\#(stage.name.jsonText),"id":\#(id)}"#)
    }

    /// The text of each id of an answer.
    private func ids(_ body: String) throws -> [String] {
        let answer = try JSONRPCStage().send(body).body
        return answer.split(separator: #""id":"#, omittingEmptySubsequences: false).dropFirst().map { part in
            String(part.prefix { !",}]".contains($0) })
        }
    }

    @Test(
        "An id comes back as it was written, also from errors and batches",
        arguments: [
            "18446744073709551616", "-9223372036854775809", "123456789012345678901234567890123456789", "1.50", "1e3",
            "1E+3",
            "-0", "0.0", "123456789012345678.123456789", #""\u00e9""#, "null",
        ])
    func literal(id: String) throws {
        let shown = id.hasPrefix("\"") ? "\"é\"" : id
        for rest in [
            #""method":"sum","params":[1]"#, #""method":"nobody""#, #""method":"sum","params":7"#, #""method":1"#,
            #""x":{"id":4}"#,
        ] {
            #expect(try ids(#"{"jsonrpc":"2.0","id": \#(id) ,\#(rest)}"#) == [shown], "\(rest)")
        }
        let batch =
            #"[{"jsonrpc":"2.0","id":1,"method":"nobody"},{"jsonrpc":"2.0","id":\#(id),"method":"nobody"},7]"#
        #expect(try ids(batch) == ["1", shown, "null"])
    }

    @Test("The last of several ids counts")
    func last() throws {
        #expect(try ids(#"{"jsonrpc":"2.0","id":1.0,"method":"nobody","id":2.0}"#) == ["2.0"])
    }
}
