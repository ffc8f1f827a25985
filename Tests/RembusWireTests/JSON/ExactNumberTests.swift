import NIOCore
import Testing

@testable import RembusWire

/// Numbers of JSON texts keep their digits.
@Suite struct ExactNumberTests {
    @Test(arguments: [
        "12345678901234567890123", "-12345678901234567890123", "18446744073709551616", "-9223372036854775809",
        "12345678901234.567891", "-0.12345678901234567890123", "9007199254740993.0", "1234567890123456789.5",
        "0.00012345678901234567891",
    ])
    func keepsAllDigits(text: String) throws {
        let value = try Value(jsonText: text)
        if case .float = value { Issue.record("\(text) became a float") }
        // 9007199254740993.0 has a digit that says nothing.
        #expect(value.jsonText == (text.hasSuffix(".0") ? String(text.dropLast(2)) : text))
        var item = ByteBuffer()
        value.encodeCBOR(into: &item)
        #expect(try Value(cbor: item) == value)
        var transcoded = ByteBuffer()
        try Array(text.utf8).withUnsafeBytes { bytes in try transcoded.writeCBOR(ofJSON: bytes, limits: .standard) }
        #expect(transcoded == item)
        #expect(value.doubleValue == Double(text))
        #expect(try Double(text).map { try Double.decoded(from: value) == $0 } == true)
    }

    @Test(arguments: [
        "0.1", "21.5", "1e300", "1e-300", "0.10000000000000001", "0.1000000000000000055511151231257827",
        "1.0000000000000000",
        "3.141592653589793", "123456789012345680.0", "1.7976931348623157e308", "0.30000000000000004",
        "100000000000000000000.0", "1e22",
    ])
    func leavesFloatsFloats(text: String) throws {
        #expect(try Value(jsonText: text) == .float(try #require(Double(text))))
    }

    @Test func boundsTheWork() throws {
        #expect(try Value(jsonText: "0." + String(repeating: "7", count: 400)) == .float(0.7777777777777778))
        #expect(throws: WireError.self) { try Value(jsonText: String(repeating: "9", count: 400)) }
        let long = String(repeating: "9", count: 300)
        #expect(try Value(jsonText: long).jsonText == long)
    }

    @Test func writesDecimalFractionsAsNumbers() {
        #expect(Value.tagged(4, [-2, 12345]).jsonText == "123.45")
        #expect(Value.tagged(4, [-2, -5]).jsonText == "-0.05")
        #expect(Value.tagged(4, [3, 12]).jsonText == "12e3")
        #expect(Value.tagged(4, [.integer(.min), 1]).jsonText == "1e-9223372036854775808")
        #expect(Value.tagged(4, ["a", 1]).jsonText == #"["a",1]"#)
        #expect(Value.tagged(4, [-2, 12345]).doubleValue == 123.45)
    }
}
