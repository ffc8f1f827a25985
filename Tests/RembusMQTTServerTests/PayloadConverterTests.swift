import NIOCore
import RembusMQTT
import RembusWire
import Testing

@testable import RembusMQTTServer

struct PayloadConverterTests {
    private let converter = PayloadConverter()

    private func convert(_ arguments: Value...) -> (payload: String, contentType: String?) {
        var buffer = ByteBuffer()
        Value.array(arguments).encodeCBOR(into: &buffer)
        return buffer.withUnsafeReadableBytes { bytes in
            let payload = converter.payload(of: bytes)
            let length = UInt8(payload.properties.readableBytes)
            let properties = try? MQTTProperties(
                publish: ByteBuffer(bytes: [length] + payload.properties.readableBytesView))
            return (String(buffer: payload.bytes), properties?.contentType)
        }
    }

    @Test("each gets the payload of its own arguments, whatever was converted before")
    func alternating() {
        for _ in 0..<3 {
            for number in 0..<3 {
                #expect(convert(.integer(Int64(number))).payload == "\(number)")
                #expect(convert(.integer(Int64(number))).payload == "\(number)")
            }
            #expect(convert(.text("a"), .text("b")).payload == #"["a","b"]"#)
            #expect(convert(.text("a"), .text("c")) == (#"["a","c"]"#, "application/json"))
            #expect(convert() == ("", nil))
            let long = String(repeating: "x", count: PayloadConverter.maxKeptBytes)
            #expect(convert(.text(long)).payload == "\"\(long)\"")
            #expect(convert(.text(long), .integer(1)).payload == "[\"\(long)\",1]")
        }
    }
}
