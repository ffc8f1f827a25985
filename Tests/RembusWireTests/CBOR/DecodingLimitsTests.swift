import NIOCore
import Testing

@testable import RembusWire

@Suite("Decoding limits")
struct DecodingLimitsTests {
    private func code(_ body: () throws -> Void) -> WireError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? WireError)?.code
        }
    }

    @Test("CBOR nesting", arguments: ["81", "a100", "9f", "c1", "d81b"])
    func depthOfCBOR(_ opening: String) {
        func nested(_ depth: Int) -> ByteBuffer {
            let closing = opening == "9f" ? "ff" : ""
            return ByteBuffer(
                hex: String(repeating: opening, count: depth) + "00" + String(repeating: closing, count: depth))
        }
        #expect(code { _ = try Value(cbor: nested(64)) } == nil)
        #expect(code { _ = try Value(cbor: nested(65)) } == .limitExceeded)
        #expect(code { _ = try Value(cbor: nested(100_000)) } == .limitExceeded)
    }

    @Test("JSON nesting", arguments: [("[", "]"), (#"{"a":"#, "}")])
    func depthOfJSON(_ open: String, _ close: String) {
        func nested(_ depth: Int) -> String {
            String(repeating: open, count: depth) + "0" + String(repeating: close, count: depth)
        }
        #expect(code { _ = try Value(jsonText: nested(64)) } == nil)
        #expect(code { _ = try Value(jsonText: nested(65)) } == .limitExceeded)
        #expect(code { _ = try Value(jsonText: nested(100_000)) } == .limitExceeded)
    }

    @Test("Number of items")
    func items() {
        let limits = DecodingLimits(maxItems: 4)
        #expect(code { _ = try Value(cbor: ByteBuffer(hex: "83010203"), limits: limits) } == nil)
        #expect(code { _ = try Value(cbor: ByteBuffer(hex: "8401020304"), limits: limits) } == .limitExceeded)
        #expect(code { _ = try Value(json: ByteBuffer(string: "[1,2,3]"), limits: limits) } == nil)
        #expect(code { _ = try Value(json: ByteBuffer(string: "[1,2,3,4]"), limits: limits) } == .limitExceeded)
        #expect(code { _ = try Value(json: ByteBuffer(string: #"{"a":1,"b":2}"#), limits: limits) } == .limitExceeded)
    }

    @Test("Number of bytes")
    func bytes() {
        let limits = DecodingLimits(maxBytes: 3)
        #expect(code { _ = try Value(cbor: ByteBuffer(hex: "820102"), limits: limits) } == nil)
        #expect(code { _ = try Value(cbor: ByteBuffer(hex: "83010203"), limits: limits) } == .limitExceeded)
        #expect(code { _ = try Message(cbor: ByteBuffer(hex: "8301617480"), limits: limits) } == .limitExceeded)
        #expect(code { _ = try Value(json: ByteBuffer(string: "[10]"), limits: limits) } == .limitExceeded)
    }

    @Test("A message counts as one level of nesting")
    func messageDepth() {
        func message(_ depth: Int) -> ByteBuffer {
            ByteBuffer(hex: "83016174" + String(repeating: "81", count: depth) + "00")
        }
        #expect(code { _ = try Message(cbor: message(63)) } == nil)
        #expect(code { _ = try Message(cbor: message(64)) } == .limitExceeded)
    }
}
