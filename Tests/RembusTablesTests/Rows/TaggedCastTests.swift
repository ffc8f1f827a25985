import NIOCore
import RembusWire
import Testing

@testable import RembusTables

/// Values that SQL has no counterpart for: CBOR's tags and containers.
@Suite struct TaggedCastTests {
    @Test(
        arguments: [
            // Points in time.
            ("TIMESTAMP", .tagged(0, "2020-01-02T10:11:12+02:00"), "1577952672000000"),
            ("TIMESTAMPTZ", .tagged(0, "2020-01-02T10:11:12.5Z"), "1577959872500000"),
            ("TIMESTAMP_NS", .tagged(0, "2020-01-02T10:11:12.123456789Z"), "1577959872123456789"),
            ("TIMESTAMP_S", .tagged(0, "2020-01-02T10:11:12.5Z"), "1577959873"),
            ("DATE", .tagged(0, "2020-01-02T01:00:00+02:00"), "18262"),
            ("TIME", .tagged(0, "2020-01-02T01:00:00+02:00"), "82800000000"),
            ("VARCHAR", .tagged(0, "2020-01-02T01:00:00+02:00"), "2020-01-02T01:00:00+02:00"),
            ("INTEGER", .tagged(0, "2020-01-02T01:00:00+02:00"), nil),
            ("TIMESTAMP", .tagged(0, "yesterday"), nil),
            ("TIMESTAMP", .tagged(1, 1_577_959_872), "1577959872000000"),
            ("TIMESTAMP", .tagged(1, 1_577_959_872.25), "1577959872250000"),
            ("TIMESTAMP", .tagged(1, -0.5), "-500000"),
            ("TIMESTAMP_MS", .tagged(1, 1.0005), "1001"),
            ("DATE", .tagged(1, -1), "-1"),
            ("VARCHAR", .tagged(1, 1_577_959_872.25), "2020-01-02 10:11:12.25"),
            ("VARCHAR", .tagged(1, -1), "1969-12-31 23:59:59"),
            ("JSON", .tagged(1, 0), #""1970-01-01 00:00:00""#),
            ("BIGINT", .tagged(1, 5), nil),
            ("TIMESTAMP", .tagged(1, .float(.infinity)), nil),
            ("TIMESTAMP", .tagged(1, .integer(.max)), nil),
            ("TIMESTAMP_NS", .tagged(1001, [1: 1, -9: 5]), "1000000005"),
            ("TIMESTAMP", .tagged(1001, [1: -1, -6: -5]), "-1000005"),
            ("DATE", .tagged(100, 18263), "18263"),
            ("DATE", .tagged(100, .integer(.min)), nil),
            ("DATE", .tagged(1004, "2020-01-02"), "18263"),
            ("TIMESTAMP", .tagged(1004, "2020-01-02"), "1577923200000000"),
            // Numbers: 123.45, its negative, and powers that no type holds.
            ("DECIMAL(10,2)", .tagged(4, [-2, 12345]), "123.45"),
            ("DECIMAL(10,1)", .tagged(4, [-2, -12345]), nil),
            ("DOUBLE", .tagged(4, [-2, 12345]), "123.45"),
            ("INTEGER", .tagged(4, [2, 5]), "500"),
            ("VARCHAR", .tagged(4, [-2, 12345]), "123.45"),
            ("VARCHAR", .tagged(4, [-5, -12]), "-0.00012"),
            ("VARCHAR", .tagged(4, [3, 12]), "12000"),
            ("DOUBLE", .tagged(4, [999_999, 1]), "inf"),
            ("INTEGER", .tagged(4, [999_999, 1]), nil),
            ("INTEGER", .tagged(4, [.integer(.max), 1]), nil),
            ("INTEGER", .tagged(4, ["a", 1]), nil),
            ("HUGEINT", Value(bigInteger: BigInteger(magnitude: [1, 0, 0, 0, 0, 0, 0, 0, 0])), "18446744073709551616"),
            ("VARCHAR", Value(bigInteger: BigInteger(magnitude: [1, 0, 0, 0, 0, 0, 0, 0, 0])), "18446744073709551616"),
            ("HUGEINT", Value(bigInteger: BigInteger(magnitude: [UInt8](repeating: 255, count: 40))), nil),
            ("BIGINT", Value(bigInteger: BigInteger(magnitude: [UInt8](repeating: 255, count: 16))), nil),
            ("DATE", Value(bigInteger: BigInteger(magnitude: [UInt8](repeating: 255, count: 16))), nil),
            // What Parquet could not give back.
            ("HUGEINT", "170141183460469231731687303715884105727", nil),
            ("UHUGEINT", "340282366920938463463374607431768211455", nil),
            ("DECIMAL(38,0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
            // UUIDs and bytes.
            ("UUID", .tagged(37, .bytes(ByteBuffer(bytes: 0..<16))), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
            ("UUID", .bytes(ByteBuffer(bytes: 0..<16)), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
            ("UUID", .bytes(ByteBuffer(bytes: 0..<15)), nil),
            ("VARCHAR", .tagged(37, .bytes(ByteBuffer(bytes: 0..<16))), "00010203-0405-0607-0809-0a0b0c0d0e0f"),
            ("BLOB", .tagged(64, .bytes(ByteBuffer(bytes: [1, 255]))), "01FF"),
            ("BLOB", .tagged(65, .bytes(ByteBuffer(bytes: [1, 255]))), nil),
            ("BLOB", 5, nil),
            // Containers.
            ("VARCHAR", ["a": [1, 2.5, .null]], #"{"a":[1,2.5,null]}"#),
            ("JSON", [1, "x", ["y": true]], #"[1,"x",{"y":true}]"#),
            ("JSON", "[1]", "[1]"),
            ("JSON", true, "true"),
            ("JSON", 21.5, "21.5"),
            ("JSON", .float(.nan), "null"),
            ("JSON", .bytes(ByteBuffer(bytes: [1, 2, 3])), #""AQID""#),
            ("JSON", .tagged(64, .bytes(ByteBuffer(bytes: [1, 255]))), "[1,255]"),
            ("JSON", .tagged(72, .bytes(ByteBuffer(bytes: [1, 255]))), "[1,-1]"),
            ("JSON", .tagged(69, .bytes(ByteBuffer(bytes: [1, 0, 2, 0]))), "[1,2]"),
            ("JSON", .tagged(65, .bytes(ByteBuffer(bytes: [0, 1, 0, 2]))), "[1,2]"),
            ("JSON", .tagged(85, .bytes(ByteBuffer(bytes: [0, 0, 0xC0, 0x3F]))), "[1.5]"),
            ("JSON", .tagged(84, .bytes(ByteBuffer(bytes: [0, 0x3E]))), "[1.5]"),
            ("JSON", ["v": .tagged(82, .bytes(ByteBuffer(bytes: [0x3F, 0xF8, 0, 0, 0, 0, 0, 0])))], #"{"v":[1.5]}"#),
            ("INTEGER", .tagged(64, .bytes(ByteBuffer(bytes: [1]))), nil),
            ("JSON", .tagged(80, .bytes(ByteBuffer(bytes: [1]))), nil),
            ("VARCHAR", .tagged(32, "http://x"), "http://x"),
            ("INTEGER", .tagged(55799, 5), "5"),
            ("INTEGER", .tagged(55799, .null), nil),
        ] as [(String, Value, String?)])
    func understands(type: String, value: Value, expected: String?) throws {
        #expect(try Sample.cast(value, to: try ColumnType.named(type).get()) == expected)
    }
}
