import NIOCore
import Testing

@testable import RembusWire

@Suite("JSON values")
struct ValueJSONTests {
    static let canonical: [(Value, String)] = [
        (.null, "null"), (true, "true"), (false, "false"), (0, "0"), (-1, "-1"), (42, "42"),
        (.integer(.max), "9223372036854775807"), (.integer(.min), "-9223372036854775808"),
        (.unsigned(1 << 63), "9223372036854775808"), (.unsigned(.max), "18446744073709551615"),
        (0.0, "0.0"), (-0.0, "-0.0"), (12.5, "12.5"), (1e300, "1e+300"), (.float(.leastNonzeroMagnitude), "5e-324"),
        (0.1, "0.1"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        ("", #""""#), ("a", #""a""#), ("\"\\/\u{8}\u{c}\n\r\t\u{1}", #""\"\\/\b\f\n\r\t\u0001""#),
        ("ü水𐅑\u{7f}", "\"ü水𐅑\u{7f}\""), ([], "[]"), ([:], "{}"), ([1, [2.5, "x"], .null], #"[1,[2.5,"x"],null]"#),
        (["b": 1, "a": [:]], #"{"b":1,"a":{}}"#),
    ]

    static let lenient: [(Value, String)] = [
        (1, " \t\r\n1 \n"), (0, "-0"), (0.0, "0e5"), (100.0, "1E2"), (100.0, "1e+2"), (0.015, "1.5e-2"),
        (.negative(1 << 63), "-9223372036854775809"), (0.0, "1e-999"), ("/", #""\/""#), ("ü", #""\u00fC""#),
        ("\u{0}", #""\u0000""#), ("𝄞", #""\uD834\udd1e""#), ("a𝄞b", #""a\uD834\uDD1Eb""#),
        (["a": 2, "b": 3], #"{"a":1,"b":3,"a":2}"#), ([1, 2], " [ 1 , 2 ] "), (["a": 1], #" { "a" : 1 } "#),
    ]

    static let malformed = [
        "", " ", "nul", "nulll", "True", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x10", "1 2", "NaN", "Infinity",
        "1e999", "-1e999", "\"", "\"a", #""\"#, #""\x""#, #""\u""#, #""\u12""#, #""\u12g4""#, #""\u+123""#,
        #""\ud834""#, #""\udd1e""#, #""\ud834x""#, #""\ud834\n""#, #""\ud834\u0041""#, #""\ud834\ud834""#,
        "\"\n\"", "\"\u{0}\"", "[", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "]", "{", "{}}", #"{"a"}"#, #"{"a":}"#,
        #"{"a":1,}"#, "{1:2}", "{a:1}", #"{"a":1 "b":2}"#, "[1}", "{]", "\u{feff}1", "// c\n1", "'a'", "1a",
    ]

    @Test("Encodes and decodes", arguments: canonical)
    func roundTrips(_ value: Value, _ text: String) throws {
        #expect(value.jsonText == text)
        #expect(try Value(jsonText: text) == value)
    }

    @Test("Accepts other forms", arguments: lenient)
    func decodes(_ value: Value, _ text: String) throws {
        #expect(try Value(jsonText: text) == value)
    }

    @Test("Refuses what is not JSON", arguments: malformed)
    func refuses(_ text: String) {
        #expect(throws: WireError.self) { try Value(jsonText: text) }
    }

    @Test("Refuses bytes that are not UTF-8", arguments: ["22ff22", "22c32822", "22eda08022", "225c6eff22"])
    func invalidUTF8(_ hex: String) {
        #expect(throws: WireError.self) { try Value(json: ByteBuffer(hex: hex)) }
    }

    @Test("Writes the nearest thing for what JSON lacks")
    func substitutes() {
        #expect(Value.float(.infinity).jsonText == "null")
        #expect(Value.float(.nan).jsonText == "null")
        #expect(Value.undefined.jsonText == "null")
        #expect(Value.simple(3).jsonText == "null")
        #expect(Value.bytes(hex: "dead0001").jsonText == #""3q0AAQ==""#)
        #expect(Value.tagged(80, .bytes(hex: "000102")).jsonText == #""AAEC""#)
        #expect(Value.tagged(99, [1]).jsonText == "[1]")
        #expect(Value.map([1: 2, [true]: 3]).jsonText == #"{"1":2,"[true]":3}"#)
        #expect(Value.negative(.max).jsonText == "-18446744073709551616")
        let mark = Value.bigInteger(BigInteger(magnitude: 1...16))
        #expect(mark.jsonText == "1339673755198158349044581307228491536")
        let huge = Value.bigInteger(BigInteger(magnitude: [UInt8](repeating: 0xAB, count: 300)))
        #expect(huge.jsonText == "\"0x" + String(repeating: "ab", count: 300) + "\"")
    }

    @Test("Pretty and sorted")
    func pretty() {
        let value: Value = ["b": [1, [:], []], "a": ["x": .null]]
        var buffer = ByteBuffer()
        value.encodeJSON(into: &buffer, pretty: true, sortedKeys: true)
        let expected = """
            {
              "a": {
                "x": null
              },
              "b": [
                1,
                {},
                []
              ]
            }
            """
        #expect(String(buffer: buffer) == expected)
    }

    @Test("The last of many equal keys wins, in the place of the first")
    func manyDuplicates() throws {
        let members = (0..<100).map { "\"k\($0 % 40)\":\($0)" }.joined(separator: ",")
        let map = try #require(Value(jsonText: "{\(members)}").mapValue)
        #expect(map.count == 40)
        #expect(map["k0"] == 80)
        #expect(map["k39"] == 79)
        #expect(map.first?.key == "k0")
    }

    @Test("Errors tell the place")
    func offsets() {
        #expect(throws: WireError(.malformed, "The JSON text has an unexpected byte.", offset: 3)) {
            try Value(jsonText: "[1 2]")
        }
        #expect(throws: WireError(.trailingBytes, "Bytes follow the JSON value.", offset: 2)) {
            try Value(jsonText: "1 2")
        }
    }

    @Test(
        "A text that ends early lacks what closes it",
        arguments: [
            ("[1, 2", "Missing `]`: close the array."), ("[1,", "Missing `]`: close the array."),
            (#"{"a": [1]"#, "Missing `}`: close the object."), ("{", "Missing `}`: close the object."),
            (#"["a"#, "Missing `\"`: close the string."),
        ])
    func early(text: String, message: String) {
        #expect(throws: WireError(.truncated, message, offset: text.utf8.count)) { try Value(jsonText: text) }
    }
}
