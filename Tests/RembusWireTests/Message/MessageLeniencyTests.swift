import NIOCore
import Testing

@testable import RembusWire

@Suite("Tolerance of protocol.md §2, §3.1 and §13")
struct MessageLeniencyTests {
    private func decode(_ elements: Value...) throws -> Message {
        try Message(cbor: Value.array(elements).cbor)
    }

    private let id = Value.bytes(hex: "0102030405060708")

    @Test("Missing trailing elements have defaults")
    func missing() throws {
        #expect(try decode(1, "t") == .publish(.init(topic: "t")))
        #expect(try decode(2, id, "t") == .request(.init(id: .vector, topic: "t")))
        #expect(try decode(2, id, "t", "x") == .request(.init(id: .vector, topic: "t", target: "x")))
        #expect(try decode(3, id, "t") == .admin(.init(id: .vector, topic: "t", data: .null)))
        #expect(try decode(4, id, 0) == .response(.init(id: .vector, status: .ok)))
        #expect(try decode(0, id, "c", .null) == .identity(.init(id: .vector, name: "c")))
    }

    @Test("Extra elements are ignored but must be well formed")
    func extra() throws {
        #expect(try decode(5, id, 1, [2], "x") == .ack(.vector))
        #expect(try decode(1, "t", [1], "x") == .publish(.init(topic: "t", arguments: [1])))
        #expect(throws: WireError.self) { try Message(cbor: ByteBuffer(hex: "83054801020304050607081c")) }
        #expect(throws: WireError.self) { try Message(cbor: ByteBuffer(hex: "9f05480102030405060708")) }
    }

    @Test("A payload that is no array is one argument; null is none")
    func payload() throws {
        #expect(try decode(1, "t", 7) == .publish(.init(topic: "t", arguments: [7])))
        #expect(try decode(1, "t", ["a": 1]) == .publish(.init(topic: "t", arguments: [["a": 1]])))
        #expect(try decode(1, "t", .null) == .publish(.init(topic: "t")))
        #expect(try decode(1, "t", .undefined) == .publish(.init(topic: "t")))
        #expect(try decode(2, id, "t", .null, "x") == .request(.init(id: .vector, topic: "t", arguments: ["x"])))
    }

    @Test("Flags are read on publications and ignored elsewhere")
    func flags() throws {
        for flags: UInt8 in [0x10, 0x20, 0x30, 0x40, 0x80, 0xF0] {
            let message = try decode(.integer(Int64(flags | 1)), id, "t", [1])
            let expected = Message.Publish(
                id: .vector, flags: PublishFlags(rawValue: flags), topic: "t", arguments: [1])
            #expect(message == .publish(expected))
        }
        #expect(try decode(0xF5, id) == .ack(.vector))
        #expect(PublishFlags(rawValue: 0x20).qos == .atLeastOnce)
    }

    @Test("Bytes may be wrapped in tag 64")
    func typedArrays() throws {
        let signature = Value.tagged(64, .bytes(hex: "0102"))
        #expect(
            try decode(11, id, "c", signature)
                == .attestation(.init(id: .vector, name: "c", signature: ByteBuffer(hex: "0102"))))
    }

    @Test(
        "A name that is a URL means its path",
        arguments: [
            ("pump7", "pump7"), ("ws://host:8338/pump7", "pump7"), ("ws://host/pump7/", "pump7"),
            ("wss://h//a/b//", "a/b"), ("ws://host:1", ""), ("ws://host/", ""), ("ws:///x", "x"), ("://", ""),
            ("ws://h/x?y=1#z", "x"), ("a/b", "a/b"), ("", ""), ("ws:/x", "ws:/x"), ("ws://h/Zü", "Zü"),
        ])
    func url(_ text: String, _ name: String) throws {
        #expect(try decode(0, id, .text(text), [:]) == .identity(.init(id: .vector, name: name)))
    }

    @Test("Strange entries of meta are skipped")
    func meta() throws {
        let meta: Value = ["ws": 9001, 5: 6, "tcp": -1, "zmq": "x"]
        #expect(try decode(0, id, "c", meta) == .identity(.init(id: .vector, name: "c", meta: ["ws": 9001])))
        #expect(throws: WireError.self) { try decode(0, id, "c", [1]) }
    }

    @Test("Meta is sorted when sent")
    func metaOrder() {
        let identity = Message.identity(.init(id: .vector, name: "c", meta: ["wss": 3, "tcp": 1, "ws": 2]))
        #expect(identity.cbor.hex.hasSuffix("a363746370016277730263777373" + "03"))
    }

    @Test("Unknown types are refused", arguments: [7, 8, 13, 14, 256, 1 << 40] as [Int64])
    func unknown(_ type: Int64) {
        let expected = WireError(.unsupported, "The message type \(type) is unknown.")
        #expect(throws: expected) { try decode(.integer(type), id) }
    }

    @Test("Refuses wrong elements")
    func wrong() {
        let frames: [Value] = [
            1, "x", [:], [], ["0"], [-1], [5], [5, "x"], [5, 7], [1], [1, 5], [1, .bytes(hex: "61")], [2, id],
            [2, id, 5], [2, id, "t", 5], [4, id], [4, id, "x"], [4, id, -1], [0, id], [0, id, 7], [10, id, "c"],
            [10, id, "c", "p", .bytes(hex: "00")], [11, id, "c"], [11, id, "c", 5],
            [0x11, "t", [1]],
        ]
        for frame in frames {
            #expect(throws: WireError.self, "\(frame)") { try Message(cbor: frame.cbor) }
        }
    }

    @Test("The public key of Register may be base64 in a text, as the Python package sends it on a JSON connection")
    func publicKey() throws {
        let expected = Message.Register(
            id: .vector, name: "c", pin: "1", publicKey: ByteBuffer(hex: "dead01"), keyType: 2)
        #expect(try decode(10, id, "c", "1", "3q0B", 2) == .register(expected))
        // Whatever else a text says is for the broker to refuse, in an answer: such a key is none.
        guard case .register(let other) = try decode(10, id, "c", "1", "-- no base64 --", 2) else {
            Issue.record("no registration")
            return
        }
        #expect(other.publicKey != expected.publicKey)
        #expect(throws: WireError.self) { try decode(10, id, "c", "1", 7, 2) }
    }
}
