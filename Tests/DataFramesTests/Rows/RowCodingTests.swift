import Foundation
import NIOCore
import Testing

@testable import DataFrames

private struct Position: Codable, Equatable {
    var x: Double
    var y: Double?
}

private enum Level: String, Codable { case low, high }

private struct Reading: Codable, Equatable {
    var dn: String
    var temperature: Double?
    var count: Int
    var small: Int8
    var isOn: Bool
    var at: Date
    var raw: Data
    var samples: [Float]
    var position: Position
    var tags: [String: Int]
    var level: Level
    var id: UUID
    var lasting: Duration
    var day: CalendarDate
}

@Suite struct RowCodingTests {
    private let rows = [
        Reading(
            dn: "a", temperature: 21.5, count: -7, small: 3, isOn: true,
            at: Date(timeIntervalSince1970: 1_795_383_000.25),
            raw: Data([0, 255]), samples: [1, 2.5], position: Position(x: 1, y: 2), tags: ["k": 1, "b": 2],
            level: .high,
            id: UUID(), lasting: .milliseconds(1500), day: CalendarDate(daysSinceEpoch: 20_000)),
        Reading(
            dn: "b", temperature: nil, count: .max, small: -128, isOn: false, at: Date(timeIntervalSince1970: -1),
            raw: Data(), samples: [], position: Position(x: -1, y: nil), tags: [:], level: .low, id: UUID(),
            lasting: .zero, day: CalendarDate(daysSinceEpoch: -1)),
    ]

    @Test func infersColumnTypes() throws {
        let frame = try DataFrame(rows: rows)
        let types = Dictionary(uniqueKeysWithValues: frame.columns.map { ($0.name, $0.type.description) })
        #expect(
            types == [
                "dn": "string", "temperature": "double", "count": "int64", "small": "int8", "isOn": "bool",
                "at": "timestamp[us, tz=UTC]", "raw": "binary", "samples": "list<item: float>",
                "position": "struct<x: double, y: double>", "tags": "map<string, int64>", "level": "string",
                "id": "string", "lasting": "duration[us]", "day": "date32[day]",
            ])
        #expect(frame.columnNames.prefix(3) == ["dn", "temperature", "count"])
        #expect(frame["temperature"]?.isNull(1) == true)
    }

    @Test func decodesWhatItEncoded() throws {
        let frame = try DataFrame(rows: rows)
        #expect(try frame.decode(rows: Reading.self) == rows)
        #expect(try DataFrame(arrow: frame.arrowBuffer()).decode(rows: Reading.self) == rows)
        #expect(try frame.slice(1..<2).decode() == [rows[1]])
        #expect(try frame.decoded(as: Reading.self).map { try $0.get() } == rows)
    }

    @Test func knowsTypesOfAbsentValues() throws {
        struct Sparse: Encodable {
            var number: Int16?
            var date: Date?
            var list: [Int32]
        }
        let frame = try DataFrame(rows: [Sparse(list: []), Sparse(list: [])])
        #expect(frame.columns.map(\.type) == [.int16, .timestamp(.microsecond, timeZone: "UTC"), .list(of: .int32)])
        #expect(frame.columns[0].nullCount == 2)
    }

    @Test func widensColumns() throws {
        let frame = try DataFrame(rows: [["a": 1.5], ["b": 2.5], ["a": 3]])
        #expect(frame.columnNames == ["a", "b"])
        #expect(try Array(frame["a", as: Double.self]) == [1.5, nil, 3])
        #expect(try Array(frame["b", as: Double.self]) == [nil, 2.5, nil])
    }

    @Test func refusesRowsThatDoNotGoTogether() throws {
        #expect(throws: DataFrameError.self) { try DataFrame(rows: [1, 2]) }
        #expect(throws: DataFrameError.self) { try DataFrame(rows: [[1], [2]]) }
        let error = #expect(throws: DataFrameError.self) {
            try DataFrame(rows: [["a": Cell.int(1)], ["a": Cell.text("x")]])
        }
        #expect(error?.message == "row 1, column a: string does not go together with int64 of the rows before")
    }

    // MARK: Reading

    @Test func readsWhatFits() throws {
        struct Wanted: Decodable, Equatable {
            var narrow: Int8
            var wide: UInt64
            var whole: Int
            var single: Float
            var text: String
            var date: Date
            var missing: Int?
        }
        let frame = try DataFrame(columns: [
            Column("narrow", [Int64(-7)]), Column("wide", [UInt8(200)]), Column("whole", [3.0]),
            Column("single", [1.5]),
            Column("text", ["hot"], type: .dictionary(index: .int8, value: .largeUtf8, isOrdered: false)),
            Column("date", [CalendarDate(daysSinceEpoch: 1)]), Column("unused", [1]),
        ])
        let wanted = Wanted(
            narrow: -7, wide: 200, whole: 3, single: 1.5, text: "hot", date: Date(timeIntervalSince1970: 86_400))
        #expect(try frame.decode(rows: Wanted.self) == [wanted])
    }

    @Test func readsDecimalsOfDatabases() throws {
        struct Sum: Decodable, Equatable { var total: Int; var price: DecimalNumber; var rounded: Double }
        let frame = try DataFrame(columns: [
            Column("total", [Cell.int(42)], type: .decimal128(precision: 38, scale: 0)),
            Column("price", [Cell.decimal(DecimalNumber(1250, scale: 2))], type: .decimal128(precision: 10, scale: 2)),
            Column("rounded", [Cell.int(3)], type: .decimal128(precision: 10, scale: 1)),
        ])
        #expect(try frame.decode(rows: Sum.self) == [Sum(total: 42, price: DecimalNumber(1250, scale: 2), rounded: 3)])
    }

    @Test func namesRowAndColumnOfErrors() throws {
        struct One: Decodable { var level: Int8 }
        struct Nested: Decodable { struct Inner: Decodable { var x: [Int] }; var inner: Inner }
        func message(_ body: () throws -> Void) -> String? {
            (#expect(throws: DataFrameError.self) { try body() })?.message
        }
        let numbers = try DataFrame(["level": [1, 300]])
        #expect(
            message { _ = try numbers.decode(rows: One.self) }
                == "row 1, column level: cannot read the value 300 as Int8")
        let texts = try DataFrame(["level": ["x"]])
        #expect(message { _ = try texts.decode(rows: One.self) } == "row 0, column level: cannot read string as Int8")
        let nulls = try DataFrame(["level": [1, nil]])
        #expect(
            message { _ = try nulls.decode(rows: One.self) }
                == "row 1, column level: is null, but Int8 is wanted; make it optional")
        let other = try DataFrame(["other": [1]])
        #expect(
            message { _ = try other.decode(rows: One.self) } == "row 0: there is no column level; the columns are other"
        )
        let nested = try DataFrame(["inner": [["x": [1, nil]]]])
        #expect(
            message { _ = try nested.decode(rows: Nested.self) }
                == "row 0, column inner.x[1]: is null, but Int is wanted; make it optional")
    }

    @Test func decodesSingleColumnsAsValues() throws {
        #expect(try DataFrame(["n": [1, 2]]).decode(rows: Int.self) == [1, 2])
        #expect(try DataFrame(["n": [1, nil]]).decode(rows: Int?.self) == [1, nil])
    }

    @Test func isCodableWithOtherCoders() throws {
        let frame = try DataFrame(["a": [1, nil], "b": ["x", "y"], "l": [[1.5], []]])
        let json = try JSONEncoder().encode(frame)
        let again = try JSONDecoder().decode(DataFrame.self, from: json)
        #expect(again.rowCount == 2)
        #expect(try Array(again["a", as: Int.self]) == [1, nil])
        #expect(try Array(again["b", as: String.self]) == ["x", "y"])
    }
}
