import Foundation
import NIOCore
import RembusWire
import Testing

@testable import Rembus

/// What can be written where an argument is passed. Half of these tests is that they compile.
@Suite(.timeLimit(.minutes(5)))
struct ArgumentLiteralTests {
    private struct Reading: Codable {
        var temperature: Double
    }

    private let text = "a"
    private let count = 7
    private let level = 21.5
    private let flag = true
    private let bytes = Data([1, 2])
    private let moment = Date(timeIntervalSince1970: 10)
    private let absent: Double? = nil
    private let present: String? = "there"

    @Test func literalsTakeVariablesOfAllTypes() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        try await component.publish("t", ["temperature": level])
        #expect(try await peer.nextPublish().arguments == [["temperature": 21.5]])
        try await component.publish(
            "t",
            [
                "s": text, "i": count, "d": level, "b": flag, "data": bytes, "date": moment, "none": absent,
                "some": present, "literal": 1, "nil": nil, "list": [1, 2], "reading": Reading(temperature: 3),
                "f": Float(0.5), "small": UInt8(3), "value": Value.text("v"), "either": flag ? level : nil,
            ])
        let map: Value = [
            "s": "a", "i": 7, "d": 21.5, "b": true, "data": .bytes(ByteBuffer(bytes: [1, 2])),
            "date": .tagged(1, 10.0), "none": .null, "some": "there", "literal": 1, "nil": .null, "list": [1, 2],
            "reading": ["temperature": 3.0], "f": 0.5, "small": 3, "value": "v", "either": 21.5,
        ]
        #expect(try await peer.nextPublish().arguments == [map])
        // Integers stay integers beside floats.
        try await component.publish("t", ["temperature": level, "pressure": 980])
        #expect(try await peer.nextPublish().arguments == [["temperature": 21.5, "pressure": 980]])
        try await component.publish("t", Value.text("v"))
        #expect(try await peer.nextPublish().arguments == ["v"])
        try await component.publish("t", [1, text, nil, level])
        #expect(try await peer.nextPublish().arguments == [[1, "a", .null, 21.5]])
        try await component.publish("t", text, ["level": level, "unit": "°C"], nil)
        #expect(try await peer.nextPublish().arguments == ["a", ["level": 21.5, "unit": "°C"], .null])
        try await component.publish("t", nil)
        #expect(try await peer.nextPublish().arguments == [.null])
        try await component.publish("t", absent)
        #expect(try await peer.nextPublish().arguments == [.null])
        try await component.publish("t", ["at": ["x": Value(level), "unit": "m"]])
        #expect(try await peer.nextPublish().arguments == [["at": ["x": 21.5, "unit": "m"]]])
        try await component.put("t", ["level": level, "unit": "m"])
        #expect(try await peer.nextPublish().topic == "tester/t")
        await component.close()
    }

    @Test func callsGiveTheirResultWithoutAType() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        func answered(_ answer: Value, _ call: @escaping @Sendable () async throws -> Value) async throws
            -> (arguments: [Value], result: Value)
        {
            async let result = call()
            let request = try await peer.nextRequest()
            peer.answer(request, answer)
            return (request.arguments, try await result)
        }
        let (level, count) = (level, count)
        var (arguments, result) = try await answered(3) {
            let sum = try await component.call("add", 1, 2)
            return sum
        }
        #expect(arguments == [1, 2] && result == 3)
        (arguments, result) = try await answered(3) {
            let sum = try await component.call("add", count, level)
            return sum
        }
        #expect(arguments == [7, 21.5] && result == 3)
        (arguments, result) = try await answered("x") {
            let found = try await component.call("find", ["level": level, "note": nil])
            return found
        }
        #expect(arguments == [["level": 21.5, "note": .null]] && result == "x")
        (arguments, result) = try await answered("x") {
            let found = try await component.direct(target: "b", "find", ["level": level, "note": nil])
            return found
        }
        #expect(arguments == [["level": 21.5, "note": .null]] && result == "x")
        await component.close()
    }

    @Test func typedCallsTakeLiteralsToo() async throws {
        let (_, peer, component) = try await FakeBroker.connected()
        let level = level
        async let sum: Int = component.call("find", ["level": level, "limit": 5])
        var request = try await peer.nextRequest()
        #expect(request.arguments == [["level": 21.5, "limit": 5]])
        peer.answer(request, 3)
        #expect(try await sum == 3)
        async let maybe: Int? = component.call("find", "table", ["level": level, "note": nil])
        request = try await peer.nextRequest()
        #expect(request.arguments == ["table", ["level": 21.5, "note": .null]])
        peer.answer(request, .null)
        #expect(try await maybe == nil)
        // A result that nobody wants needs no underscore.
        let dropping = Task { () async throws -> Void in try await component.call("reset") }
        peer.answer(try await peer.nextRequest(), 1)
        try await dropping.value
        await component.close()
    }

    @Test func whatCannotBeSentIsSaidInAClause() {
        struct Stubborn: Encodable {
            func encode(to encoder: any Encoder) throws {
                throw EncodingError.invalidValue(
                    self, .init(codingPath: encoder.codingPath, debugDescription: "It does not want to."))
            }
        }
        let error = #expect(throws: RembusError.self) {
            try ArgumentLiteral(dictionaryLiteral: ("a", Stubborn())).value()
        }
        #expect(error?.code == .encoding)
        #expect(
            error?.message
                == "An argument cannot be sent: it does not want to. Change its type, or make it a `Value` yourself.")
    }
}
