import NIOCore
import Testing

@testable import RembusWire

@Suite("Message ids")
struct MessageIDTests {
    @Test("Eight bytes are a little-endian integer")
    func littleEndian() throws {
        let id = try #require(MessageID(bytes: 1...8))
        #expect(id == .vector)
        #expect(id.littleEndianValue == 0x0807_0605_0403_0201)
        #expect(id.description == "0102030405060708")
        #expect(id.withUnsafeBytes { Array($0) } == Array(1...8))
        #expect(MessageID.connection.description == "efbeadde78563412")
    }

    @Test("1 to 32 bytes are accepted and echoed", arguments: [1, 2, 7, 8, 9, 16, 31, 32])
    func lengths(_ count: Int) throws {
        let bytes = (0..<count).map(UInt8.init)
        let id = try #require(MessageID(bytes: bytes))
        #expect(id.count == count)
        #expect(id.withUnsafeBytes { Array($0) } == bytes)
        #expect((id.littleEndianValue != nil) == (count == 8))
        let message = Message.ack(id)
        #expect(try Message(cbor: message.cbor) == message)
    }

    @Test("Other lengths are refused", arguments: [0, 33, 100])
    func refused(_ count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(MessageID(bytes: bytes) == nil)
        let frame: Value = [5, .bytes(ByteBuffer(bytes: bytes))]
        #expect(throws: WireError.self) { try Message(cbor: frame.cbor) }
    }

    @Test(
        "An id in tag 64 or in chunks is accepted",
        arguments: ["8205d840480102030405060708", "82055f4401020304440506_0708ff"])
    func wrapped(_ hex: String) throws {
        #expect(try Message(cbor: ByteBuffer(hex: hex)) == .ack(.vector))
    }

    @Test(
        "JSON echoes the form received",
        arguments: [
            (#"7"#, MessageID.JSONForm.number), (#""7""#, .text), (#""0""#, .text), (#"0"#, .number),
            (#"18446744073709551615"#, .number), (#""18446744073709551615""#, .text),
            (#""18446744073709551616""#, .opaqueText), (#""007""#, .opaqueText), (#""+7""#, .opaqueText),
            (#""-7""#, .opaqueText), (#""req-1""#, .opaqueText), (#""ü""#, .opaqueText),
            (#""12345678""#, .text), (#""abcdefgh""#, .opaqueText), (#"" 7""#, .opaqueText),
        ])
    func echo(_ text: String, _ form: MessageID.JSONForm) throws {
        let value = try Value(jsonText: text)
        let id = try MessageID(json: value)
        #expect(id.jsonForm == form)
        #expect(id.json == value)
    }

    @Test("The form is not part of the identity")
    func equality() throws {
        let number = try MessageID(json: 7)
        let text = try MessageID(json: "7")
        #expect(number == text)
        #expect(Set([number, text]).count == 1)
    }

    @Test("Binary ids of other lengths have a JSON form")
    func otherLengths() throws {
        #expect(try #require(MessageID(bytes: [1, 2])).json == 513)
        #expect(try #require(MessageID(bytes: 0...15)).json == "000102030405060708090a0b0c0d0e0f")
    }

    @Test("Random ids")
    func random() {
        let ids = Set((0..<1000).map { _ in MessageID.random() })
        #expect(ids.count == 1000)
        for _ in 0..<1000 {
            let value = MessageID.randomForJSON().littleEndianValue ?? 0
            #expect(value > 0 && value < 1 << 53)
        }
    }
}
