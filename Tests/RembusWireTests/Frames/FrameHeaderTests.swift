import NIOCore
import RembusWire
import Testing

/// The quick head parser sees the same in a frame as the full decoder.
@Suite struct FrameHeaderTests {
    private func parse(_ message: Message) -> (ByteBuffer, FrameHeader.Parsed) {
        var buffer = ByteBuffer()
        message.encodeCBOR(into: &buffer)
        return (buffer, buffer.withUnsafeReadableBytes { FrameHeader.parse($0) })
    }

    private func regular(_ message: Message) throws -> (ByteBuffer, FrameHeader) {
        let (buffer, parsed) = parse(message)
        guard case .regular(let header) = parsed else { throw Unexpected(parsed: "\(parsed)") }
        return (buffer, header)
    }

    private struct Unexpected: Error {
        let parsed: String
    }

    private let id = MessageID(littleEndian: 0x0807_0605_0403_0201)

    @Test(arguments: [
        PublishFlags(qos: .atMostOnce), PublishFlags(qos: .atLeastOnce), PublishFlags(qos: .exactlyOnce),
        PublishFlags(qos: .atMostOnce, hasSlot: true), PublishFlags(qos: .exactlyOnce, hasSlot: true),
    ])
    func publications(_ flags: PublishFlags) throws {
        let arguments: [Value] = [12.5, "lpm", ["a": [1, 2, .null]]]
        let message = Message.publish(
            .init(id: flags.requiresID ? id : nil, flags: flags, topic: "yard/pump7/flow", arguments: arguments))
        let (buffer, header) = try regular(message)
        buffer.withUnsafeReadableBytes { bytes in
            #expect(header.kind == .publish)
            #expect(header.flags == flags)
            #expect(header.topic(in: bytes) == "yard/pump7/flow")
            #expect((header.idLength > 0) == flags.requiresID)
            #expect(header.argumentCount == 3)
            #expect(header.end == bytes.count)
        }
        let payload = try #require(buffer.getSlice(at: header.payloadOffset, length: header.payloadLength))
        #expect(try Value(cbor: payload) == .array(arguments))
    }

    @Test func requestsWithAndWithoutTarget() throws {
        for target in [nil, "pump7"] {
            let (buffer, header) = try regular(
                .request(.init(id: id, topic: "mix", target: target, arguments: [2, 40])))
            buffer.withUnsafeReadableBytes { bytes in
                #expect(header.kind == .request)
                #expect(header.id(in: bytes) == id)
                #expect(header.topic(in: bytes) == "mix")
                #expect(header.target(in: bytes) == target)
                #expect(header.argumentCount == 2)
            }
        }
    }

    @Test(
        "The caller's time-out is found behind the arguments, and in nothing else",
        arguments: [1, 23, 5000, UInt64.max >> 1])
    func timeouts(milliseconds: UInt64) throws {
        let request = Message.Request(
            id: id, topic: "mix", target: "pump7", arguments: [2, ["timeout": 9]], timeout: milliseconds)
        let (buffer, header) = try regular(.request(request))
        #expect(header.timeout == milliseconds)
        #expect(try Message(cbor: buffer) == .request(request))
        buffer.withUnsafeReadableBytes { bytes in
            #expect(header.target(in: bytes) == "pump7")
            #expect(header.argumentCount == 2)
        }
        var dialect = JSONDialect()
        var text = ByteBuffer()
        Message.request(request).encodeJSON(into: &text, dialect: dialect)
        guard case .request(let read) = try Message(json: text, dialect: &dialect) else {
            throw Unexpected(parsed: "JSON")
        }
        #expect(read.timeout == milliseconds)
    }

    @Test(
        "What is no time-out, and what a newer peer adds, is ignored",
        arguments: [
            [:], ["timeout": 0], ["timeout": -1], ["timeout": "1"], ["timeout": .null], ["other": [1, 2]], 7, .null, [],
        ] as [Value])
    func otherOptions(option: Value) throws {
        var buffer = ByteBuffer()
        Message.request(.init(id: id, topic: "mix", arguments: [2])).encodeCBOR(into: &buffer)
        buffer.setInteger(0x86 as UInt8, at: 0)
        option.encodeCBOR(into: &buffer)
        guard case .regular(let header) = buffer.withUnsafeReadableBytes({ FrameHeader.parse($0) }) else {
            throw Unexpected(parsed: "irregular")
        }
        #expect(header.timeout == nil)
        guard case .request(let request) = try Message(cbor: buffer) else { throw Unexpected(parsed: "no request") }
        #expect(request.timeout == nil)
        #expect(request.arguments == [2])
    }

    @Test func responsesAndAcknowledgements() throws {
        let (buffer, header) = try regular(.response(.init(id: id, status: .methodNotFound, data: "mix")))
        #expect(header.kind == .response)
        #expect(header.status == 42)
        let data = try #require(buffer.getSlice(at: header.payloadOffset, length: header.payloadLength))
        #expect(try Value(cbor: data) == "mix")
        #expect(try regular(.ack(id)).1.kind == .ack)
        #expect(try regular(.ack2(id)).1.kind == .ack2)
    }

    @Test func controlMessagesAreLeftToTheFullDecoder() {
        for message in [
            Message.identity(.init(id: id, name: "pump7")), .admin(.init(id: id, topic: "t", data: [:])),
            .unregister(id),
        ] {
            guard case .irregular = parse(message).1 else {
                Issue.record("\(message) was taken for a data message")
                continue
            }
        }
    }

    @Test(arguments: [
        "a0", "01", "80", "8361614101", "fc", "83", "ff",
    ])
    func whatIsNoMessageIsMalformed(_ hex: String) {
        let bytes = bytes(hex)
        guard case .malformed = bytes.withUnsafeBytes({ FrameHeader.parse($0) }) else {
            Issue.record("\(hex) was accepted")
            return
        }
    }

    @Test(arguments: [
        // Indefinite arrays, non-shortest type, a payload that is no array, a missing payload, extra elements.
        "9f016174 80ff", "8318016174 80", "83016174 05", "82016174", "84016174 8005", "83017f6174ff80",
    ])
    func unusualFormsAreLeftToTheFullDecoder(_ hex: String) throws {
        let bytes = bytes(hex)
        guard case .irregular = bytes.withUnsafeBytes({ FrameHeader.parse($0) }) else {
            Issue.record("\(hex) was taken as regular")
            return
        }
        guard case .publish(let publish) = try Message(cbor: ByteBuffer(bytes: bytes)) else {
            Issue.record("\(hex) is no publication")
            return
        }
        #expect(publish.topic == "t")
    }

    /// A payload that is not well formed never gets past us to another peer.
    @Test(arguments: [
        "830161748163ff", "8301617481fe", "830161748261", "83016174814261", "83016174811c", "8301617462fffe80",
    ])
    func brokenPayloadsAreNotRegular(_ hex: String) {
        let bytes = bytes(hex)
        if case .regular = bytes.withUnsafeBytes({ FrameHeader.parse($0) }) { Issue.record("\(hex) was accepted") }
        #expect(throws: WireError.self) { try Message(cbor: ByteBuffer(bytes: bytes)) }
    }

    @Test func deepNestingIsRefused() {
        func frame(depth: Int) -> [UInt8] {
            [0x83, 0x01, 0x61, 0x74, 0x81] + Array(repeating: 0x81, count: depth) + [0x00]
        }
        if case .regular = frame(depth: 60).withUnsafeBytes({ FrameHeader.parse($0) }) {
        } else {
            Issue.record("60 is fine")
        }
        if case .regular = frame(depth: 70).withUnsafeBytes({ FrameHeader.parse($0) }) {
            Issue.record("70 is too deep")
        }
        if case .regular = frame(depth: 1_000_000).withUnsafeBytes({ FrameHeader.parse($0) }) {
            Issue.record("too deep")
        }
    }

    /// Whatever the scanner accepts, the full decoder accepts too and reads the same topic and arguments from it.
    @Test func agreesWithTheFullDecoderOnMutatedFrames() {
        var generator = SystemRandomNumberGenerator()
        let seeds: [[UInt8]] = [
            Message.publish(
                .init(id: nil, flags: .init(qos: .atMostOnce), topic: "yard/pump7", arguments: [1, "two", [3.5]])),
            .publish(.init(id: id, flags: .init(qos: .exactlyOnce), topic: "t", arguments: [["k": [1, 2]]])),
            .request(.init(id: id, topic: "mix", target: "pump", arguments: [2, 40])),
            .response(.init(id: id, status: .ok, data: [1, .tagged(80, .bytes(ByteBuffer(string: "abc")))])),
        ].map { message in
            var buffer = ByteBuffer()
            message.encodeCBOR(into: &buffer)
            return Array(buffer.readableBytesView)
        }
        var accepted = 0
        for _ in 0..<50_000 {
            var bytes = seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 0...3) {
                let index = Int.random(in: bytes.indices)
                switch Int.random(in: 0..<3) {
                case 0: bytes[index] = .random(in: .min ... .max)
                case 1: bytes.remove(at: index)
                default: bytes.insert(.random(in: .min ... .max), at: index)
                }
            }
            guard case .regular(let header) = bytes.withUnsafeBytes({ FrameHeader.parse($0) }) else { continue }
            accepted += 1
            do {
                let message = try Message(cbor: ByteBuffer(bytes: bytes))
                bytes.withUnsafeBytes { raw in
                    switch message {
                    case .publish(let publish):
                        #expect(
                            header.topic(in: raw) == publish.topic && header.argumentCount == publish.arguments.count)
                    case .request(let request):
                        #expect(header.topic(in: raw) == request.topic && header.target(in: raw) == request.target)
                    case .response(let response): #expect(header.status == response.status.rawValue)
                    case .ack(let id), .ack2(let id): #expect(header.id(in: raw) == id)
                    default: Issue.record("\(bytes) is \(message)")
                    }
                }
            } catch {
                Issue.record("the scanner accepts \(bytes), the decoder says \(error)")
            }
        }
        #expect(accepted > 5_000)
    }

    private func bytes(_ hex: String) -> [UInt8] {
        let digits = hex.filter { !$0.isWhitespace }
        return stride(from: 0, to: digits.count, by: 2).compactMap { offset in
            let start = digits.index(digits.startIndex, offsetBy: offset)
            return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)
        }
    }
}
