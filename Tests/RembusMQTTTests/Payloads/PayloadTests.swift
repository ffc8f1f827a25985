import NIOCore
import RembusWire
import Testing

@testable import RembusMQTT

@Suite("MQTT payloads and arguments")
struct PayloadTests {
    private func arguments(_ payload: String, contentType: String? = nil) throws -> [Value] {
        var buffer = ByteBuffer()
        MQTTPayload.writeArguments(of: ByteBuffer(string: payload), contentType: contentType, into: &buffer)
        guard case .array(let values) = try Value(cbor: buffer) else { return [.undefined] }
        return values
    }

    private func payload(_ arguments: [Value]) -> (text: String, kind: MQTTPayload.Written?) {
        var (encoded, out) = (ByteBuffer(), ByteBuffer())
        Value.array(arguments).encodeCBOR(into: &encoded)
        let kind = encoded.withUnsafeReadableBytes { MQTTPayload.write(arguments: $0, into: &out) }
        return (String(buffer: out), kind)
    }

    @Test("JSON becomes arguments") func json() throws {
        #expect(try arguments("[1, \"a\"]") == [1, "a"])
        #expect(try arguments(" {\"t\": 21.6}\n") == [["t": 21.6]])
        #expect(try arguments("12") == [12])
        #expect(try arguments("null") == [.null])
        #expect(try arguments("\"a\"") == ["a"])
        #expect(try arguments("[]") == [])
        #expect(try arguments("") == [])
    }

    @Test("What is no JSON is bytes") func bytes() throws {
        for text in ["hello", "{a}", "[1", "12 kg", "1.", "nul", "\u{1}", "{\"a\":1}}", "   ", "tree", "-", "[1]]"] {
            #expect(try arguments(text) == [.bytes(ByteBuffer(string: text))], "\(text)")
        }
        let deep = String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000)
        #expect(try arguments(deep) == [.bytes(ByteBuffer(string: deep))])
    }

    @Test("The content type decides") func contentType() throws {
        #expect(try arguments("12", contentType: "text/plain") == [.bytes(ByteBuffer(string: "12"))])
        for type in ["application/json", "Application/JSON; charset=utf-8", "application/senml+json", "text/json"] {
            #expect(try arguments("12", contentType: type) == [12], "\(type)")
        }
        #expect(try arguments("nope", contentType: "application/json") == [.bytes(ByteBuffer(string: "nope"))])
    }

    @Test("Arguments become JSON, lone bytes themselves") func writing() throws {
        #expect(payload([]) == ("", .empty))
        #expect(payload([.bytes(ByteBuffer(string: "raw"))]) == ("raw", .bytes))
        #expect(payload([.tagged(64, .bytes(ByteBuffer(string: "raw")))]) == ("raw", .bytes))
        #expect(payload(["a"]) == ("\"a\"", .json))
        #expect(payload([1, .bytes(ByteBuffer(string: "raw"))]) == ("[1,\"cmF3\"]", .json))
        #expect(payload([[1]]) == ("[1]", .jsonArray))
        #expect(payload([["t": 21.5]]) == ("{\"t\":21.5}", .json))
    }

    @Test("One argument that is an array stays one") func oneArgument() throws {
        var out = ByteBuffer()
        let written = MQTTPayload.write([[1]], into: &out)
        var encoded = ByteBuffer()
        MQTTPayload.writeArguments(of: out, written.properties, into: &encoded)
        #expect(try Value(cbor: encoded) == [[1]])
    }

    @Test("Bytes that look like JSON stay bytes") func looksLikeJSON() throws {
        var out = ByteBuffer()
        let written = MQTTPayload.write([.bytes(ByteBuffer(string: "12"))], into: &out)
        var encoded = ByteBuffer()
        MQTTPayload.writeArguments(of: out, written.properties, into: &encoded)
        #expect(try Value(cbor: encoded) == [.bytes(ByteBuffer(string: "12"))])
    }

    @Test("Broken arguments are refused") func broken() {
        for hex in ["", "01", "8141", "82", "815bffffffffffffffff00"] {
            var out = ByteBuffer()
            let written = ByteBuffer(hex: hex).withUnsafeReadableBytes { MQTTPayload.write(arguments: $0, into: &out) }
            #expect(written == nil)
            #expect(out.readableBytes == 0)
        }
    }
}
