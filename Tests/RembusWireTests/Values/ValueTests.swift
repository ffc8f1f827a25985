import NIOCore
import Testing

@testable import RembusWire

@Suite("Values")
struct ValueTests {
    @Test("Accessors")
    func accessors() {
        #expect(Value.integer(5).intValue == 5)
        #expect(Value.float(5).intValue == nil)
        #expect(Value.unsigned(.max).uintValue == .max)
        #expect(Value.integer(-1).uintValue == nil)
        #expect(Value.integer(5).doubleValue == 5)
        #expect(Value.negative(.max).doubleValue == -0x1p64)
        #expect(
            Value.bigInteger(BigInteger(isNegative: true, magnitude: [1, 0, 0, 0, 0, 0, 0, 0, 0])).doubleValue
                == -0x1p64)
        #expect(Value.text("x").stringValue == "x")
        #expect(Value.tagged(64, .bytes(hex: "01")).bytesValue == ByteBuffer(bytes: [1]))
        #expect(Value.tagged(65, .bytes(hex: "01")).bytesValue == nil)
        #expect(Value.undefined.isNull && Value.null.isNull && !Value.bool(false).isNull)
        #expect(Value.map(["a": 1])["a"] == 1)
        #expect(Value.text("a")["a"] == nil)
    }

    @Test("The order of a map does not matter, duplicates do")
    func mapEquality() {
        let left: ValueMap = ["a": 1, "b": 2]
        let right: ValueMap = ["b": 2, "a": 1]
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left != ["a": 1])
        #expect(["a": 1, "a": 2] as ValueMap == ["a": 2, "a": 1])
        #expect(["a": 1, "a": 1] as ValueMap != ["a": 1, "a": 2])
        #expect(Value.map(left) != ["a": 2, "b": 1])
    }

    @Test("Map access")
    func mapAccess() {
        var map: ValueMap = ["a": 1, 2: "b", "a": 3]
        #expect(map["a"] == 3)
        #expect(map[2 as Value] == "b")
        map["a"] = 4
        map["c"] = 5
        #expect(map == ["a": 1, 2: "b", "a": 4, "c": 5])
        map["a"] = nil
        #expect(map.pairs.map(\.key) == [2, "c"])
    }

    @Test("Description is diagnostic notation")
    func description() {
        let value: Value = [
            1, -2, .unsigned(.max), .negative(.max), 1.5, .float(.nan), .float(-.infinity), "a\"b", .bytes(hex: "dead"),
            true, .null, .undefined, ["k": [], 1: [:]], .tagged(80, 0), .simple(9),
        ]
        #expect(
            value.description
                == #"[1, -2, 18446744073709551615, -18446744073709551616, 1.5, NaN, -Infinity, "a\"b", h'dead', "#
                + #"true, null, undefined, {"k": [], 1: {}}, 80(0), simple(9)]"#)
    }

    @Test("Big integers in decimal")
    func decimal() {
        #expect(BigInteger(magnitude: []).description == "0")
        #expect(BigInteger(isNegative: true, magnitude: []).description == "-1")
        #expect(BigInteger(isNegative: true, magnitude: [0xFF]).description == "-256")
        #expect(BigInteger(magnitude: [0, 1, 0]).description == "256")
        #expect(BigInteger(magnitude: [0x3B, 0x9A, 0xCA, 0x00]).description == "1000000000")
        #expect(
            BigInteger(magnitude: [UInt8](repeating: 255, count: 16)).description
                == "340282366920938463463374607431768211455")
    }

    @Test("Status codes have names")
    func status() {
        #expect(StatusCode.methodNotFound.description == "method not found")
        #expect(StatusCode(rawValue: 99).description == "status 99")
    }
}
