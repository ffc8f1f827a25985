import NIOCore
import Testing

@testable import RembusWire

/// JSON becomes the same CBOR with and without values in between.
@Suite struct TranscodingTests {
    private func direct(_ bytes: [UInt8], isOneArgument: Bool = false) -> ByteBuffer? {
        var buffer = ByteBuffer(string: "before")
        let isJSON = bytes.withUnsafeBytes { bytes in
            (try? buffer.writeCBORArguments(ofJSON: bytes, isOneArgument: isOneArgument, limits: .standard)) != nil
        }
        #expect(buffer.readString(length: 6) == "before")
        return isJSON ? buffer : nil
    }

    private func throughValues(_ bytes: [UInt8], isOneArgument: Bool = false) -> ByteBuffer? {
        guard let value = try? Value(json: ByteBuffer(bytes: bytes)) else { return nil }
        var buffer = ByteBuffer()
        if case .array = value, !isOneArgument {
            value.encodeCBOR(into: &buffer)
        } else {
            Value.array([value]).encodeCBOR(into: &buffer)
        }
        return buffer
    }

    private static let long = "[" + (0..<70_000).map { "\($0)" }.joined(separator: ",") + "]"
    private static let wide = "{" + (0..<300).map { "\"k\($0)\":[\($0)]" }.joined(separator: ",") + "}"
    private static let repeated =
        "{" + (0..<300).map { "\"k\($0 % 299)\":[\($0)]" }.joined(separator: ",") + "}"

    @Test(
        "the same bytes, or an error from both",
        arguments: [
            "{\"temperature\":21.6}", " [ 1 , -1 , 0 , 23, 24, 255, 256, 65536, 4294967296 ] ", "[]", "{}", "[[],{}]",
            "true", "[false,null]", "\"é 🌍\"", "\"\"", "1.5e3", "-0.25", "1E-7", "0.1", "123456789012345678",
            "-123456789012345678", "1234567890123456789", "{\"a\":{\"b\":[{\"c\":null}]}}", "\"a\\nb\"", "-0", "-0.0",
            "12345678901234567890", "123456789012.345", "123456789012.3456", "0.123456789012345678", "0",
            "[", "]", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", "1.", ".5", "+1", "1e", "-", "-.5",
            "1.5.5",
            "tru", "nul", "\"a", "\"\u{1}\"", "1 1", "1e999", "[1]]", "00.5",
            TranscodingTests.long, TranscodingTests.wide, "[" + TranscodingTests.wide + "]",
        ]) func same(_ text: String)
    {
        for isOneArgument in [false, true] {
            let bytes = Array(text.utf8)
            #expect(
                direct(bytes, isOneArgument: isOneArgument) == throughValues(bytes, isOneArgument: isOneArgument))
        }
    }

    @Test(
        "of members with one key the last one counts, wherever the object is and however the key is written",
        arguments: [
            ("{\"a\":1,\"a\":2}", "{\"a\":2}"), ("[{\"a\":1,\"b\":{\"a\":1}}]", "[{\"a\":1,\"b\":{\"a\":1}}]"),
            ("[[{\"ab\":1,\"a\\u0062\":2}]]", "[[{\"ab\":2}]]"), ("{\"\":1,\"\":2}", "{\"\":2}"),
            ("{\"eight by\":1,\"eight bytes\":2,\"eight by\":3}", "{\"eight by\":3,\"eight bytes\":2}"),
        ]) func repeatedKeys(_ text: String, _ meant: String) throws
    {
        let buffer = try #require(direct(Array(text.utf8), isOneArgument: true))
        #expect(try Value(cbor: buffer) == .array([Value(jsonText: meant)]))
        #expect(buffer == throughValues(Array(text.utf8), isOneArgument: true))
        let long = try #require(direct(Array(Self.repeated.utf8)))
        #expect(long == throughValues(Array(Self.repeated.utf8)))
    }

    @Test("short numbers are the floats that their texts are nearest to")
    func floats() throws {
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let digits = Int(state >> 33) % 15 + 1
            let places = Int(state >> 40) % digits
            let number = String(state >> 4).suffix(digits)
            let whole = number.dropLast(places).drop { $0 == "0" }
            let text = "\(state & 1 == 0 ? "-" : "")\(whole.isEmpty ? "0" : whole).\(number.suffix(places))0"
            guard case .float(let value) = try Value(jsonText: text) else {
                Issue.record("\(text) is no float")
                return
            }
            #expect(value.bitPattern == Double(text)?.bitPattern, "\(text)")
        }
    }

    @Test("damaged texts lead to the same as well") func damaged() {
        let samples = [
            "{\"temperature\":21.6,\"list\":[1,-2.5e3,true,null,\"x\"]}", " [ {\"a\" : [ ] } , 0.5 ] ",
            "[\"é\",123,{\"a\":1,\"b\":2}]",
        ].map { Array($0.utf8) }
        let spare = Array("{}[]\",:.-+eE019tfnab \\\u{7}".utf8)
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
            guard bytes.contains(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) else { continue }
            guard direct(bytes) == throughValues(bytes) else {
                Issue.record("different: \(String(decoding: bytes, as: UTF8.self))")
                return
            }
        }
    }
}
