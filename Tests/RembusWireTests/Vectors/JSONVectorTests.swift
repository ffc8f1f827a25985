import NIOCore
import Testing

@testable import RembusWire

/// One vector of protocol.md §14.3.
struct JSONVector: CustomTestStringConvertible, Sendable {
    let number: Int
    let message: Message
    let text: String
    var dialect = JSONDialect.python

    var testDescription: String { "V\(number)" }

    private static let id = "\"jsonrpc\":\"2.0\",\"id\":578437695752307201"
    private static let bytes = ByteBuffer(bytes: [0, 1, 2])

    static let all = [
        JSONVector(
            number: 47, message: .identity(.init(id: .vector, name: "pump7")),
            text: #"{\#(id),"method":"__identity__","params":{"type":0,"cid":"pump7","meta":{}}}"#),
        JSONVector(
            number: 48, message: .publish(.init(topic: "tick", arguments: [1, "a"])),
            text: #"{"jsonrpc":"2.0","method":"tick","params":[1,"a"]}"#),
        JSONVector(
            number: 49,
            message: .publish(
                .init(id: .vector, flags: PublishFlags(qos: .atLeastOnce), topic: "tick", arguments: [1])),
            text: #"{\#(id),"method":"tick","params":{"type":16,"data":[1]}}"#),
        JSONVector(
            number: 50,
            message: .publish(
                .init(
                    id: MessageID(littleEndian: 11_647_051_512_803_488_100),
                    flags: PublishFlags(qos: .exactlyOnce, hasSlot: true), topic: "tick", arguments: [1])),
            text: #"""
                {"jsonrpc":"2.0","id":11647051512803488100,"method":"tick","params":{"type":112,"data":[1]}}
                """#),
        JSONVector(
            number: 51, message: .request(.init(id: .vector, topic: "mix", arguments: [2, 40])),
            text: #"{\#(id),"method":"mix","params":[2,40]}"#),
        JSONVector(
            number: 52, message: .response(.init(id: .vector, status: .ok, data: 42)),
            text: #"{\#(id),"result":{"type":4,"sts":0,"data":42}}"#),
        JSONVector(
            number: 53, message: .response(.init(id: .vector, status: .methodNotFound, data: "mix")),
            text: #"{\#(id),"error":{"type":4,"sts":42,"data":"mix"}}"#),
        JSONVector(
            number: 54, message: .response(.init(id: .vector, status: .challenge, data: .bytes(hex: "dead0001"))),
            text: #"{\#(id),"result":{"type":4,"sts":11,"data":"3q0AAQ=="}}"#),
        JSONVector(number: 55, message: .ack(.vector), text: #"{\#(id),"result":{"type":5}}"#),
        JSONVector(
            number: 56,
            message: .admin(.init(id: .vector, topic: "tick", data: AdminCommand.subscribe(messageFrom: 0).data)),
            text: #"{\#(id),"method":"tick","params":{"type":3,"data":{"cmd":"subscribe","msg_from":0.0}}}"#),
        JSONVector(
            number: 57, message: .attestation(.init(id: .vector, name: "pump7", signature: bytes)),
            text: #"{\#(id),"method":"pump7","params":{"type":11,"signature":"AAEC","meta":{}}}"#),
        JSONVector(
            number: 58,
            message: .register(.init(id: .vector, name: "pump7", pin: "01020304", publicKey: bytes, keyType: 2)),
            text: #"""
                {\#(id),"method":"pump7","params":{"type":10,"pin":"01020304","key_val":"AAEC","key_type":2}}
                """#),
        JSONVector(
            number: 59, message: .unregister(.vector), text: #"{\#(id),"method":"__unregister__","params":{"type":9}}"#
        ),
        JSONVector(
            number: 60, message: .response(.init(id: .vector, status: .ok, data: 42)),
            text: #"{"jsonrpc":"2.0","id":"578437695752307201","result":{"__type__":4,"sts":0,"data":42}}"#,
            dialect: .julia),
    ]
}

@Suite("Vectors of protocol.md §14.3")
struct JSONVectorTests {
    @Test("All vectors are here") func complete() {
        #expect(JSONVector.all.map(\.number) == Array(47...60))
    }

    @Test("Decodes", arguments: JSONVector.all)
    func decodes(_ vector: JSONVector) throws {
        #expect(try Message(json: vector.text) == vector.message)
    }

    @Test("The dialect is learnt where a discriminator shows it", arguments: JSONVector.all)
    func learns(_ vector: JSONVector) throws {
        var dialect = JSONDialect()
        _ = try Message(json: ByteBuffer(string: vector.text), dialect: &dialect)
        #expect(dialect == (vector.text.contains("type") ? vector.dialect : JSONDialect()))
    }

    @Test("Encodes at least the members of the vector", arguments: JSONVector.all)
    func encodes(_ vector: JSONVector) throws {
        let expected = try Value(jsonText: vector.text)
        let message = try Message(json: vector.text)
        try expectMembers(of: expected, in: message.json(vector.dialect))
    }

    @Test("Decodes what it encodes", arguments: JSONVector.all)
    func roundTrips(_ vector: JSONVector) throws {
        #expect(try Message(json: vector.message.json(vector.dialect).jsonText) == vector.message)
    }

    @Test("Every truncation is an error", arguments: JSONVector.all)
    func truncated(_ vector: JSONVector) {
        for count in 0..<vector.text.utf8.count {
            let prefix = String(decoding: vector.text.utf8.prefix(count), as: UTF8.self)
            #expect(throws: WireError.self) { try Message(json: prefix) }
        }
    }

    private func expectMembers(of expected: Value, in value: Value?) {
        guard case .map(let map) = expected else {
            #expect(value == expected)
            return
        }
        for pair in map { expectMembers(of: pair.value, in: value?.mapValue?[pair.key]) }
    }
}
