import Foundation
import NIOCore
import Testing

@testable import RembusWire

@Suite("Codable")
struct CodableTests {
    struct Pump: Codable, Equatable {
        enum Mode: String, Codable { case automatic, manual }
        struct Limits: Codable, Equatable {
            var low: Double
            var high: Float
        }

        var name: String
        var flow: Double
        var count: Int
        var big: UInt64
        var on: Bool
        var mode: Mode
        var limits: [String: Limits]
        var history: [[Int8]]
        var note: String?
        var raw: Data
        var buffer: ByteBuffer
        var started: Date
        var anything: Value
        var qos: RembusWire.QoS
        var site: URL
        var id: UUID
        var price: Decimal
    }

    private func pump() throws -> Pump {
        Pump(
            name: "p7", flow: 12.5, count: -3, big: .max, on: true, mode: .manual,
            limits: ["a": .init(low: 1, high: 2.5)], history: [[1, -2], []], note: nil, raw: Data([1, 2]),
            buffer: ByteBuffer(bytes: [3]), started: Date(timeIntervalSince1970: 1_363_896_240.5),
            anything: ["x": [1, .tagged(99, .undefined), .bytes(hex: "00")]], qos: .exactlyOnce,
            site: try #require(URL(string: "https://example.com/a")), id: UUID(), price: 12.34)
    }

    @Test("A structure with everything")
    func roundTrip() throws {
        let pump = try pump()
        #expect(try CBORDecoder().decode(Pump.self, from: CBOREncoder().encode(pump)) == pump)
        let value = try CBOREncoder().encodeValue(pump)
        #expect(try CBORDecoder().decode(Pump.self, from: value) == pump)
        #expect(value["raw"] == .bytes(hex: "0102"))
        #expect(value["started"] == .tagged(1, 1_363_896_240.5))
        #expect(value["qos"] == 2)
        #expect(value["note"] == nil)
        #expect(
            value.mapValue?.compactMap(\.key.stringValue) == [
                "name", "flow", "count", "big", "on", "mode", "limits", "history", "raw", "buffer", "started",
                "anything", "qos", "site", "id", "price",
            ])
    }

    @Test("Integers of all widths")
    func integers() throws {
        func check<T: FixedWidthInteger & Codable>(_ type: T.Type) throws {
            for number in [T.min, 0, 1, T.max] {
                let bytes = try CBOREncoder().encode(number)
                #expect(try CBORDecoder().decode(T.self, from: bytes) == number)
                #expect(try Value(cbor: bytes) == CBOREncoder().encodeValue(number))
            }
        }
        try check(Int8.self)
        try check(UInt8.self)
        try check(Int16.self)
        try check(UInt16.self)
        try check(Int32.self)
        try check(UInt32.self)
        try check(Int64.self)
        try check(UInt64.self)
        try check(Int.self)
        try check(UInt.self)
        try check(Int128.self)
        try check(UInt128.self)
        #expect(
            try CBOREncoder().encodeValue(Int128.min)
                == .bigInteger(BigInteger(isNegative: true, magnitude: [0x7F] + [UInt8](repeating: 255, count: 15))))
    }

    @Test("Numbers convert when nothing is lost")
    func leniency() throws {
        let decoder = CBORDecoder()
        #expect(try decoder.decode(Int.self, from: 3.0) == 3)
        #expect(try decoder.decode(UInt8.self, from: 255.0) == 255)
        #expect(try decoder.decode(Double.self, from: 3) == 3)
        #expect(try decoder.decode(Double.self, from: .unsigned(.max)) == 0x1p64)
        #expect(try decoder.decode(Float.self, from: -3) == -3)
        for value: Value in [3.5, .float(.nan), .float(.infinity), 256, -1, "3", true, .null] {
            #expect(throws: DecodingError.self) { try decoder.decode(UInt8.self, from: value) }
        }
        #expect(throws: DecodingError.self) { try decoder.decode(Int64.self, from: .negative(.max)) }
        #expect(try decoder.decode(Int128.self, from: .negative(.max)) == -0x1_0000_0000_0000_0000)
    }

    @Test("Nil, null and undefined")
    func optionals() throws {
        struct Holder: Codable, Equatable { var a: Int? }
        #expect(try CBORDecoder().decode(Holder.self, from: [:]) == Holder())
        #expect(try CBORDecoder().decode(Holder.self, from: ["a": .null]) == Holder())
        #expect(try CBORDecoder().decode(Holder.self, from: ["a": .undefined]) == Holder())
        #expect(try CBORDecoder().decode(Int?.self, from: .undefined) == nil)
        #expect(try CBOREncoder().encodeValue(Int?.none) == .null)
        #expect(try CBOREncoder().encodeValue([1, nil]) == [1, .null])
        #expect(try CBORDecoder().decode([Int?].self, from: [1, .null]) == [1, nil])
    }

    @Test(
        "Dates",
        arguments: [
            (.tagged(0, "2013-03-21T20:04:00Z"), 1_363_896_240),
            (.tagged(0, "2013-03-21T20:04:00.5Z"), 1_363_896_240.5),
            (.tagged(0, "2013-03-21T21:04:00+01:00"), 1_363_896_240), (.tagged(1, 1_363_896_240), 1_363_896_240),
            (.tagged(1, 1_363_896_240.5), 1_363_896_240.5), (1_363_896_240, 1_363_896_240), (0.5, 0.5),
        ] as [(Value, Double)])
    func dates(_ value: Value, _ seconds: Double) throws {
        #expect(try CBORDecoder().decode(Date.self, from: value).timeIntervalSince1970 == seconds)
    }

    @Test("Map keys that are integers decode as names and as integers")
    func integerKeys() throws {
        #expect(try CBORDecoder().decode([Int: String].self, from: [1: "a", -2: "b"]) == [1: "a", -2: "b"])
        #expect(try CBORDecoder().decode([String: String].self, from: [1: "a"]) == ["1": "a"])
        #expect(try CBORDecoder().decode([Int: String].self, from: CBOREncoder().encode([7: "x"])) == [7: "x"])
        let large = Dictionary(uniqueKeysWithValues: (0..<100).map { (String($0), $0) })
        #expect(try CBORDecoder().decode([String: Int].self, from: CBOREncoder().encode(large)) == large)
    }

    @Test("Classes with superclasses and hand-made containers")
    func nesting() throws {
        let value = try CBOREncoder().encodeValue(Derived(a: 1, b: 2))
        #expect(value == ["b": 2, "nested": ["b": [3, ["a": 4], [5], 6]], "super": ["a": 1]])
        let derived = try CBORDecoder().decode(Derived.self, from: value)
        #expect(derived.a == 1 && derived.b == 2)
    }

    @Test("Errors carry the path")
    func paths() throws {
        struct Outer: Decodable { var list: [[String: UInt8]] }
        func path(_ value: Value) -> [String]? {
            let error = #expect(throws: DecodingError.self) { try CBORDecoder().decode(Outer.self, from: value) }
            switch error {
            case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
                return context.codingPath.map(\.stringValue)
            default: return nil
            }
        }
        #expect(path(["list": [[:], ["x": "y"]]]) == ["list", "Index 1", "x"])
        #expect(path(["list": [7]]) == ["list", "Index 0"])
        #expect(path([:]) == [])
        #expect(path(["list": .null]) == ["list"])
    }

    @Test("What encodes nothing is an error")
    func nothing() {
        struct Silent: Encodable { func encode(to encoder: any Encoder) {} }
        #expect(throws: EncodingError.self) { try CBOREncoder().encode(Silent()) }
    }

    @Test("Values work with foreign coders")
    func foreign() throws {
        let value: Value = ["a": [1, 2.5, .null, true, "x"], "b": ["c": .unsigned(.max)]]
        let json = try JSONEncoder().encode(value)
        #expect(try JSONDecoder().decode(Value.self, from: json) == value)
        let special: Value = [.bytes(hex: "000102"), .tagged(9, 1), .undefined]
        #expect(try String(decoding: JSONEncoder().encode(special), as: UTF8.self) == #"["AAEC",1,null]"#)
    }
}

/// A class whose superclass encodes a part of it.
private class Base: Codable {
    var a: Int
    init(a: Int) { self.a = a }
}

private final class Derived: Base {
    enum CodingKeys: CodingKey { case b, nested }
    enum InnerKeys: CodingKey { case a, b }

    var b: Int

    init(a: Int, b: Int) {
        self.b = b
        super.init(a: a)
    }

    required init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        b = try container.decode(Int.self, forKey: .b)
        let nested = try container.nestedContainer(keyedBy: InnerKeys.self, forKey: .nested)
        var list = try nested.nestedUnkeyedContainer(forKey: .b)
        #expect(list.count == 4)
        #expect(try list.decode(Int.self) == 3)
        #expect(try list.nestedContainer(keyedBy: InnerKeys.self).decode(Int.self, forKey: .a) == 4)
        var inner = try list.nestedUnkeyedContainer()
        #expect(try inner.decode(Int.self) == 5)
        #expect(inner.isAtEnd)
        #expect(throws: DecodingError.self) { try inner.decode(Int.self) }
        #expect(try list.superDecoder().singleValueContainer().decode(Int.self) == 6)
        try super.init(from: container.superDecoder())
    }

    override func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(b, forKey: .b)
        var nested = container.nestedContainer(keyedBy: InnerKeys.self, forKey: .nested)
        var list = nested.nestedUnkeyedContainer(forKey: .b)
        try list.encode(3)
        var object = list.nestedContainer(keyedBy: InnerKeys.self)
        try object.encode(4, forKey: .a)
        var inner = list.nestedUnkeyedContainer()
        try inner.encode(5)
        var single = list.superEncoder().singleValueContainer()
        try single.encode(6)
        try super.encode(to: container.superEncoder())
    }
}
