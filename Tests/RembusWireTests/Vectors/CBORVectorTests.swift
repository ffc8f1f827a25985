import NIOCore
import Testing

@testable import RembusWire

@Suite("Vectors of protocol.md §14.1")
struct CBORVectorTests {
    @Test("All vectors are here") func complete() {
        #expect(CBORVector.all.map(\.number).sorted() == Array(1...45))
    }

    @Test("Decodes", arguments: CBORVector.all)
    func decodes(_ vector: CBORVector) throws {
        #expect(try Message(cbor: vector.bytes) == vector.message)
    }

    @Test("Encodes to the same bytes", arguments: CBORVector.all.filter(\.isCanonical))
    func encodes(_ vector: CBORVector) {
        #expect(vector.message.cbor.hex == vector.hex)
    }

    @Test("Encodes accepted forms canonically", arguments: CBORVector.all.filter { !$0.isCanonical })
    func normalizes(_ vector: CBORVector) throws {
        #expect(vector.message.cbor.hex != vector.hex)
        #expect(try Message(cbor: vector.message.cbor) == vector.message)
    }

    @Test("Every truncation is an error", arguments: CBORVector.all)
    func truncated(_ vector: CBORVector) {
        for count in 0..<vector.bytes.readableBytes {
            let prefix = vector.bytes.getSlice(at: 0, length: count) ?? ByteBuffer()
            #expect(throws: WireError.self) { try Message(cbor: prefix) }
            #expect(throws: WireError.self) { try Value(cbor: prefix) }
        }
    }

    @Test("Bytes after the message are ignored", arguments: CBORVector.all)
    func trailing(_ vector: CBORVector) throws {
        var bytes = vector.bytes
        bytes.writeBytes([0xFF, 0x00])
        #expect(try Message(cbor: bytes) == vector.message)
    }

    @Test("V46, a dataframe, stays an opaque tagged value")
    func dataFrame() throws {
        let bytes = ByteBuffer(hex: Self.dataFrame)
        #expect(bytes.readableBytes == 429)
        let value = try Value(cbor: bytes)
        guard case .tagged(Value.Tag.dataFrame, .bytes(let stream)) = value else {
            Issue.record("expected tag 80 around bytes")
            return
        }
        #expect(stream.readableBytes == 424)
        #expect(value.cbor == bytes)
    }

    private static let dataFrame = """
        d8505901a8ffffffffa80000001000000000000a000c000600050008000a000000000104000c00000008000800000004
        000800000004000000020000004c00000004000000ccffffff00000102100000001c0000000400000000000000010000
        007600000008000c0008000700080000000000000140000000100014000800060007000c000000100010000000000001
        1410000000180000000400000000000000010000006e000000040004000400000000000000ffffffffc8000000140000
        00000000000c0016000600050008000c000c0000000003040018000000200000000000000000000a0018000c00040008
        000a0000006c000000100000000100000000000000000000000500000000000000000000000000000000000000000000
        000000000010000000000000001000000000000000020000000000000018000000000000000000000000000000180000
        000000000008000000000000000000000002000000010000000000000000000000000000000100000000000000000000
        00000000000000000000000000020000000000000061620000000000000700000000000000ffffffff00000000
        """
}
