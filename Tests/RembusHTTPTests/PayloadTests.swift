import NIOCore
import RembusWire
import Testing

@testable import RembusHTTP

@Suite struct PayloadTests {
    @Test(arguments: [
        ("", "[]"), (" \n", "[]"), ("[]", "[]"), ("[1, 2]", "[1,2]"), ("7", "[7]"),
        (#"{"a": [1.5, null]}"#, #"[{"a":[1.5,null]}]"#),
        (#""x""#, #"["x"]"#), (#"["\u00e9\ud83d\ude00", "ü"]"#, #"["é😀","ü"]"#), ("[[[]], {}]", "[[[]],{}]"),
        ("[18446744073709551615,-9223372036854775808,1e3]", "[18446744073709551615,-9223372036854775808,1000.0]"),
    ])
    func jsonBecomesArguments(text: String, arguments: String) throws {
        var buffer = ByteBuffer()
        try ByteBuffer(string: text).withUnsafeReadableBytes {
            try buffer.writeCBORArguments(ofJSON: $0, limits: .standard)
        }
        #expect(try Value(cbor: buffer).jsonText == arguments)
    }

    /// Heads of more than one byte are put in front of what was written already.
    @Test(arguments: [23, 24, 255, 256, 65_535, 65_536])
    func arraysAndMapsOfAnyLength(count: Int) throws {
        let text =
            "[[\((0..<count).map(String.init).joined(separator: ","))],{\((0..<count).map { "\"\($0)\":[]" }.joined(separator: ","))}]"
        var (direct, throughValues) = (ByteBuffer(), ByteBuffer())
        try ByteBuffer(string: text).withUnsafeReadableBytes {
            try direct.writeCBOR(ofJSON: $0, limits: .standard)
        }
        try Value(jsonText: text).encodeCBOR(into: &throughValues)
        #expect(direct == throughValues)
    }

    @Test(arguments: ["[1,", "[1] 2", "{", #"{"a"}"#, "nul", "\"\u{1}\"", #""\ud800""#, "[1,]", "01", "-", "1e999"])
    func whatIsNoJSONIsRefused(text: String) {
        #expect(throws: WireError.self) {
            var buffer = ByteBuffer()
            try ByteBuffer(string: text).withUnsafeReadableBytes {
                try buffer.writeCBORArguments(ofJSON: $0, limits: .standard)
            }
        }
    }

    @Test func rangesAreOrderedByQuality() {
        let ranges = MediaRange.all(of: ["text/csv;q=0.5, */*;q=0.1", "application/JSON; charset=utf-8, image/png;q=0"])
        #expect(ranges.map(\.type) == ["application/json", "text/csv", "*/*"])
        #expect(ranges[2].covers("application/json") && !ranges[1].covers("text/plain"))
        #expect(MediaRange(type: "text/*", quality: 1).covers("text/csv"))
    }

    @Test func positionsSurviveTheirText() throws {
        let marks: [UInt64] = [0, 1_763_000_000_000_000_000, .max]
        #expect(EventPosition(EventPosition(marks: marks).text)?.marks == marks)
        for text in ["", "-", "x-!", "zzzzzzzzzzzzzzzzzzzz", String(repeating: "1-", count: 64) + "1"] {
            #expect(EventPosition(text) == nil, "\(text)")
        }
    }
}
