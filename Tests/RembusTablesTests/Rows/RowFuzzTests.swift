import NIOCore
import RembusWire
import Testing

@testable import RembusTables

/// Random payloads: no crash, no half row, and a batch gives the same rows as one batch per message.
@Suite struct RowFuzzTests {
    private static let types = [
        "BOOLEAN", "TINYINT", "INTEGER", "UBIGINT", "HUGEINT", "DOUBLE", "FLOAT", "DECIMAL(9,2)", "VARCHAR", "JSON",
        "BLOB",
        "UUID", "DATE", "TIME", "TIMETZ", "TIMESTAMP", "TIMESTAMPTZ", "INTERVAL",
        "FLOAT[]", "STRUCT(k TEXT, n INTEGER[])", "MAP(TEXT, JSON)", "STRUCT(k TEXT)[]",
    ]
    private static let columns = types.enumerated().map { #"{"col": "c\#($0)", "type": "\#($1)"}"# }
        .joined(separator: ",")

    @Test(arguments: 0..<20)
    func oneBadMessageNeverSpoilsAnother(seed: Int) throws {
        var random = Generator(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
        var shared = try BatchTester(columns: Self.columns)
        var alone = BatchTester(shared.schema, table: 0)
        var expected: [String] = []
        for _ in 0..<100 {
            var bytes = Array(Sample.cbor(.array([Self.payload(&random)])).readableBytesView)
            for _ in 0..<Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                if Bool.random(using: &random) {
                    bytes[index] = .random(in: 0...255, using: &random)
                } else {
                    bytes.removeSubrange(index...)
                }
            }
            alone.batch.reset()
            let outcome = shared.append("x", bytes)
            #expect(alone.append("x", bytes) == outcome)
            if outcome == .added { expected += alone.rows }
            #expect(shared.batch.columns.allSatisfy { $0.count == shared.batch.rowCount })
        }
        #expect(shared.rows == expected)
        #expect(!expected.isEmpty)
    }

    private static func payload(_ random: inout Generator) -> Value {
        var pairs: [ValueMap.Pair] = []
        for _ in 0..<Int.random(in: 0...4, using: &random) {
            let column = Int.random(in: 0...types.count, using: &random)
            pairs.append(.init(key: .text("c\(column)"), value: value(&random, depth: 2)))
        }
        return .map(ValueMap(pairs: pairs))
    }

    private static let texts = [
        "", "1", "-5.5", "1e5", "true", "2020-01-02", "10:11:12", "2020-01-02T10:11:12Z", "1 day", "{}", "[1,",
        "é\u{0}x",
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "\\xAA", "infinity", "epoch",
        "9999999999999999999999999999999999999999999",
    ]

    private static func value(_ random: inout Generator, depth: Int) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 7), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .integer(.random(in: Int64.min...Int64.max, using: &random))
        case 3: .integer(.random(in: -200...200, using: &random))
        case 4: .float(.random(in: -1e6...1e6, using: &random))
        case 5: .text(texts[Int.random(in: 0..<texts.count, using: &random)])
        case 6: .bytes(ByteBuffer(bytes: (0..<UInt8.random(in: 0...17, using: &random))))
        case 7: .array([value(&random, depth: depth - 1)])
        case 8: .map(["k": value(&random, depth: depth - 1)])
        default:
            .tagged(
                [0, 1, 2, 4, 37, 64, 69, 80, 100, 1004][Int.random(in: 0..<10, using: &random)],
                value(&random, depth: depth - 1))
        }
    }
}

/// The same numbers from the same seed, xorshift.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
