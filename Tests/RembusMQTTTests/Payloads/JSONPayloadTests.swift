import NIOCore
import RembusWire
import Testing

@testable import RembusMQTT

/// JSON payloads become CBOR arguments; what is none stays bytes.
@Suite("JSON payloads")
struct JSONPayloadTests {
    private func arguments(_ text: String, isOneArgument: Bool = false) throws -> Value {
        var buffer = ByteBuffer(string: "before")
        MQTTPayload.writeArguments(of: ByteBuffer(string: text), isOneArgument: isOneArgument, into: &buffer)
        #expect(buffer.readString(length: 6) == "before")
        return try Value(cbor: buffer)
    }

    @Test("An array is the arguments, or one of them") func arrays() throws {
        #expect(try arguments(" [1, {\"a\": [-2.5]}] ") == [1, ["a": [-2.5]]])
        #expect(try arguments("[1]", isOneArgument: true) == [[1]])
        #expect(try arguments("{\"temperature\": 21.6, \"ok\": true}") == [["temperature": 21.6, "ok": true]])
    }

    @Test(
        "What begins as JSON and is none leaves nothing but its bytes",
        arguments: [
            "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "-", "\"a\" \"b\"", "[1]]", "{\"a\":1,\"a\":2,}",
            "true false",
            String(repeating: "[", count: 61) + String(repeating: "]", count: 61),
        ]) func broken(_ text: String) throws
    {
        #expect(try arguments(text) == [.bytes(ByteBuffer(string: text))])
    }

    @Test("Of members with one key the last one counts") func repeatedKeys() throws {
        #expect(try arguments("{\"a\":1,\"b\":0,\"a\":2}") == [["a": 2, "b": 0]])
    }
}
