import NIOCore
import RembusWire
import Testing

@testable import RembusMQTT

/// The short way from JSON to CBOR leads where the long one does.
@Suite("JSON without values")
struct TranscoderTests {
    private func plain(_ text: String, isOneArgument: Bool = false) -> ByteBuffer? {
        var buffer = ByteBuffer(string: "before")
        let isPlain = ByteBuffer(string: text).withUnsafeReadableBytes {
            JSONTranscoder.writeArguments(of: $0, isOneArgument: isOneArgument, into: &buffer)
        }
        #expect(buffer.readString(length: 6) == "before")
        if !isPlain { #expect(buffer.readableBytes == 0) }
        return isPlain ? buffer : nil
    }

    private func throughValues(_ text: String) throws -> ByteBuffer {
        let value = try Value(jsonText: text)
        var buffer = ByteBuffer()
        if case .array = value {
            value.encodeCBOR(into: &buffer)
        } else {
            Value.array([value]).encodeCBOR(into: &buffer)
        }
        return buffer
    }

    private static let long = "[" + (0..<70_000).map { "\($0)" }.joined(separator: ",") + "]"
    private static let wide = "{" + (0..<30).map { "\"k\($0)\":[\($0)]" }.joined(separator: ",") + "}"

    @Test(
        "The same bytes",
        arguments: [
            "{\"temperature\":21.6}", " [ 1 , -1 , 0 , 23, 24, 255, 256, 65536, 4294967296 ] ", "[]", "{}", "[[],{}]",
            "true", "[false,null]", "\"é 🌍\"", "\"\"", "1.5e3", "-0.25", "1E-7", "0.1", "123456789012345678",
            "{\"a\":{\"b\":[{\"c\":null}]}}", "\"a\\nb\"", "-0", "12345678901234567890", "{\"a\":1,\"a\":2}", "0",
            TranscoderTests.long, TranscoderTests.wide, "[" + TranscoderTests.wide + "]",
        ]) func same(_ text: String) throws
    {
        var buffer = ByteBuffer()
        MQTTPayload.writeArguments(of: ByteBuffer(string: text), into: &buffer)
        #expect(buffer == (try throughValues(text)))
    }

    @Test("Telemetry is plain") func telemetry() {
        #expect(plain("{\"temperature\": 21.6, \"pressure\": 980, \"ok\": true}") != nil)
        #expect(plain(Self.long) != nil)
    }

    @Test("One array can be one argument") func oneArgument() throws {
        #expect(try plain("[1]", isOneArgument: true).map { try Value(cbor: $0) } == [[1]])
    }

    @Test(
        "What is not plain, or not JSON, is left alone",
        arguments: [
            "", " ", "[", "]", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-",
            "tru", "nul",
            "\"a", "\"a\\n\"", "\"\u{1}\"", "{\"a\":1,\"a\":2}", "1 1", "-0", "1234567890123456789", "1e999", "[1]]",
            String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
        ]) func others(_ text: String)
    {
        #expect(plain(text) == nil)
    }

    @Test("Damaged texts lead to the same as well") func damaged() {
        let samples = [
            "{\"temperature\":21.6,\"list\":[1,-2.5e3,true,null,\"x\"]}", " [ {\"a\" : [ ] } , 0.5 ] ",
            "[\"é\",123,{}]",
        ].map { Array($0.utf8) }
        let spare = Array("{}[]\",:.-+eE019tfn \\\u{7}".utf8)
        var state: UInt64 = 42
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<20_000 {
            var bytes = samples[random(samples.count)]
            for _ in 0...random(3) {
                let place = random(bytes.count)
                switch random(3) {
                case 0: bytes[place] = spare[random(spare.count)]
                case 1: bytes.insert(spare[random(spare.count)], at: place)
                default: if bytes.count > 1 { bytes.remove(at: place) }
                }
            }
            let payload = ByteBuffer(bytes: bytes)
            var short = ByteBuffer()
            let isPlain = payload.withUnsafeReadableBytes {
                JSONTranscoder.writeArguments(of: $0, isOneArgument: true, into: &short)
            }
            guard isPlain else { continue }
            guard let value = try? Value(json: payload) else {
                Issue.record("no JSON: \(String(buffer: payload))")
                return
            }
            var long = ByteBuffer()
            Value.array([value]).encodeCBOR(into: &long)
            guard short == long else {
                Issue.record("different: \(String(buffer: payload))")
                return
            }
        }
    }
}
