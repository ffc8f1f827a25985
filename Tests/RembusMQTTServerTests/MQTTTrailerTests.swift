import NIOCore
import RembusBroker
import RembusMQTT
import RembusWire
import Testing

@testable import RembusMQTTServer

@Suite struct MQTTTrailerTests {
    private func read<R>(_ buffer: ByteBuffer, _ body: (MQTTTrailer) -> R) -> R {
        buffer.withUnsafeReadableBytes { body(MQTTTrailer($0)) }
    }

    @Test func everythingComesBack() {
        var buffer = ByteBuffer()
        MQTTTrailer.write(
            isRetained: true, expiry: 77, properties: ByteBuffer(string: "props"), payload: ByteBuffer(string: "[1]"),
            into: &buffer)
        read(buffer) { trailer in
            #expect(trailer.content == [.retained, .expiry, .properties, .payload])
            #expect(trailer.expiry == 77)
            #expect(Array(trailer.properties) == Array("props".utf8))
            #expect(trailer.payload.map { Array($0) } == Array("[1]".utf8))
        }
    }

    @Test func nothingToSayIsNothing() {
        var buffer = ByteBuffer()
        MQTTTrailer.write(isRetained: false, expiry: nil, properties: nil, payload: nil, into: &buffer)
        #expect(buffer.readableBytes == 0)
        read(buffer) { #expect($0.content.isEmpty) }
    }

    @Test func anEmptyPayloadIsNotTheSameAsNone() {
        var buffer = ByteBuffer()
        MQTTTrailer.write(isRetained: false, expiry: nil, properties: nil, payload: ByteBuffer(), into: &buffer)
        read(buffer) { #expect($0.payload?.count == 0) }
    }

    @Test func whatIsNoTrailerCountsAsNone() {
        var whole = ByteBuffer()
        MQTTTrailer.write(
            isRetained: false, expiry: 1, properties: ByteBuffer(string: "p"), payload: ByteBuffer(string: "x"),
            into: &whole)
        for length in 0..<whole.readableBytes {
            read(ByteBuffer(bytes: whole.readableBytesView.prefix(length))) { #expect($0.content.isEmpty) }
        }
        // Lengths inside that lead out of it.
        read(ByteBuffer(bytes: [0x46, 8, 0xFF, 0xFF, 0xFF, 0xFF, 0])) { #expect($0.content.isEmpty) }
        read(ByteBuffer(bytes: [0x41, 4])) { #expect($0.content.isEmpty) }
        read(ByteBuffer(bytes: [0x61, 1])) { #expect($0.content.isEmpty) }
    }

    @Test(arguments: [
        ("{\"a\": 1.0}", true), ("plain", false), ("[1,2]", true), ("", false), ("{broken}", true),
    ])
    func aFrameIsAPublicationWithTheTrailerBehind(payload: String, hasTrailer: Bool) throws {
        var writer = PublicationWriter()
        for qos in [MQTTQoS.atMostOnce, .atLeastOnce, .exactlyOnce] {
            var topic = "plant/7"
            topic.withUTF8 {
                writer.write(
                    topic: UnsafeRawBufferPointer($0), payload: ByteBuffer(string: payload), qos: qos, id: 0x1234,
                    isRetained: false, properties: MQTTProperties())
            }
            try writer.frame.withUnsafeReadableBytes { bytes in
                guard case .regular(let header) = FrameHeader.parse(bytes) else {
                    Issue.record("not the usual form")
                    return
                }
                #expect(header.topic(in: bytes) == "plant/7")
                #expect(MQTTQoS(header.flags.qos) == qos)
                #expect(header.id(in: bytes)?.littleEndianValue == (qos == .atMostOnce ? nil : 0x1234))
                #expect(header.end == writer.trailerOffset)
                #expect((header.end < bytes.count) == hasTrailer)
                let trailer = MQTTTrailer(UnsafeRawBufferPointer(rebasing: bytes[header.end...]))
                #expect(trailer.payload.map { Array($0) } == (hasTrailer ? Array(payload.utf8) : nil))
                _ = try Message(cbor: ByteBuffer(bytes: bytes[..<header.end]), limits: .standard)
            }
        }
    }

    @Test func aKeptFrameIsMarked() {
        var writer = PublicationWriter()
        var topic = "t"
        topic.withUTF8 {
            writer.write(
                topic: UnsafeRawBufferPointer($0), payload: ByteBuffer(repeating: 65, count: 400), qos: .atMostOnce,
                id: 0,
                isRetained: true, properties: MQTTProperties())
        }
        var frame = writer.frame
        MQTTTrailer.markKept(&frame, trailerAt: writer.trailerOffset)
        let trailer = ByteBuffer(bytes: frame.readableBytesView.dropFirst(writer.trailerOffset))
        read(trailer) { #expect($0.content == [.retained, .kept]) }
    }

    @Test func whatOthersHavePublishedIsMarkedOnce() throws {
        var frame = ByteBuffer()
        Message.publish(.init(topic: "t", arguments: [1])).encodeCBOR(into: &frame)
        let message = try #require(KeptMessage(frame, receivedAt: 7))
        let marked = MQTTTrailer.marked(message)
        #expect(marked.receivedAt == 7)
        read(ByteBuffer(bytes: marked.frame.readableBytesView.dropFirst(frame.readableBytes))) {
            #expect($0.content == [.retained, .kept])
        }
        #expect(message.frame == frame)
        #expect(MQTTTrailer.marked(marked).frame == marked.frame)
    }
}
