import RembusBroker
import RembusTesting
import RembusWire
import Testing

/// Frames that no peer should send: behaviour.md §9, known-defects.md R3, S20. They cost their own connection, nobody else's.
@Suite("Bad frames")
struct BadFrameTests {
    struct Bytes: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]

        init(_ name: String, _ bytes: [UInt8]) { (testDescription, self.bytes) = (name, bytes) }
    }

    private static let noMessages = [
        Bytes("empty", []), Bytes("truncated", [0x84, 0x00, 0x48, 0x01, 0x02]), Bytes("not an array", [0xA0]),
        Bytes("an integer", [0x01]), Bytes("an empty array", [0x80]),
        Bytes("type is text", [0x83, 0x61, 0x61, 0x41, 0x01]), Bytes("unknown type", [0x82, 0x07, 0x41, 0x01]),
        Bytes("another unknown type", [0x82, 0x0F, 0x41, 0x01]),
        Bytes("publish without arguments and topic", [0x81, 0x01]),
        Bytes("request without topic", [0x82, 0x02, 0x41, 0x01]), Bytes("topic is a number", [0x83, 0x01, 0x07, 0x80]),
        Bytes("id is a number", [0x85, 0x02, 0x07, 0x61, 0x61, 0xF6, 0x80]),
        Bytes("reserved additional information", [0x83, 0xFC]), Bytes("a break alone", [0xFF]),
        Bytes("invalid UTF-8 in the topic", [0x83, 0x01, 0x62, 0xFF, 0xFE, 0x80]),
        Bytes("a length far beyond the frame", [0x83, 0x01, 0x7B] + Array(repeating: 0xFF, count: 8)),
        Bytes("an array longer than memory", [0x9B, 0x7F] + Array(repeating: 0xFF, count: 7)),
        Bytes("random bytes", Array(0xE0...0xFF)),
    ]

    /// The one connection ends with this code, the broker and everybody else go on.
    private func expectEnd(
        of peer: InProcessPeer, _ code: Int = 1000, beside other: InProcessPeer,
        at location: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try peer.isSilent(), sourceLocation: location)
        #expect(peer.closing?.code == code, sourceLocation: location)
        #expect(!peer.isOpen, sourceLocation: location)
        #expect(try other.call("rid").status == .ok, sourceLocation: location)
    }

    @Test("A binary frame that is no message closes its connection", arguments: noMessages)
    func binary(frame: Bytes) throws {
        let stage = try Stage()
        let (peer, other) = (try stage.peer(), try stage.peer())
        peer.send(bytes: frame.bytes)
        try expectEnd(of: peer, beside: other)
    }

    @Test("Any bytes behind the beginning of a publication cost their own connection at most", arguments: Stage.loops)
    func random(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let other = try stage.peer()
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            let peer = try stage.peer()
            let frame = [0x83, 0x01] + (0..<40).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            peer.send(bytes: frame)
            #expect(try peer.isSilent() && (peer.isOpen || peer.closing?.code == 1000), "\(frame)")
            #expect(try other.call("rid").status == .ok, "\(frame)")
            peer.hangUp()
        }
        #expect(stage.broker.connectionCount == 1)
    }

    private static let noTexts = [
        "", "hello", "7", #"[{"jsonrpc":"2.0","method":"x","params":[]}]"#, "{}", #"{"jsonrpc":"2.0","method":"#,
        #"{"jsonrpc":"2.0","method":7,"params":[]}"#, #"{"jsonrpc":"2.0","id":1}"#,
    ]

    @Test("A text frame that is no message closes its connection", arguments: noTexts)
    func text(frame: String) throws {
        let stage = try Stage()
        let (peer, other) = (try stage.peer(), try stage.peer())
        peer.send(text: frame)
        try expectEnd(of: peer, beside: other)
    }

    private static let nestings: [([UInt8], [UInt8])] = [
        ([0x81], [0x01]), ([0xA1, 0x01], [0x01]), ([0xC6], [0x01]), ([0x9F], []),
    ]

    @Test("Values that are nested too deep close their connection", arguments: nestings.indices)
    func deep(index: Int) throws {
        let stage = try Stage()
        let (peer, other) = (try stage.peer(), try stage.peer())
        let (opening, closing) = Self.nestings[index]
        peer.send(bytes: [0x83, 0x01, 0x61, 0x74] + Array(repeating: opening, count: 200_000).joined() + closing)
        try expectEnd(of: peer, beside: other)
    }

    @Test("JSON that is nested too deep closes its connection")
    func deepText() throws {
        let stage = try Stage()
        let (peer, other) = (try stage.peer(), try stage.peer())
        let (opening, closing) = (String(repeating: "[", count: 200_000), String(repeating: "]", count: 200_000))
        peer.send(text: #"{"jsonrpc":"2.0","method":"x","params":"# + opening + closing + "}")
        try expectEnd(of: peer, beside: other)
    }

    /// A call of `rid` with the id 1…8, behind the type.
    private static let call: [UInt8] = [0x48, 1, 2, 3, 4, 5, 6, 7, 8, 0x63] + Array("rid".utf8) + [0xF6, 0x80]

    private static let oddMessages = [
        Bytes("bytes after the message", [0x85, 0x02] + call + [0xFF, 0xFF, 0xFF]),
        Bytes("additional elements", [0x87, 0x02] + call + [0x64] + Array("more".utf8) + [0xA1, 0x61, 0x6B, 0x01]),
        Bytes("a type in a longer integer", [0x85, 0x19, 0x00, 0x02] + call),
    ]

    @Test("What is more than a message needs is ignored", arguments: oddMessages)
    func odd(frame: Bytes) throws {
        let peer = try Stage().peer()
        peer.send(bytes: frame.bytes)
        #expect(try peer.answer(to: try #require(MessageID(bytes: Array(1...8))))?.status == .ok)
    }

    @Test("Ids that are too short or too long close their connection", arguments: [0, 33, 1000])
    func ids(length: Int) throws {
        let stage = try Stage()
        let (peer, other) = (try stage.peer(), try stage.peer())
        let head: [UInt8] =
            switch length {
            case ..<24: [0x40 + UInt8(length)]
            case ..<256: [0x58, UInt8(length)]
            default: [0x59, UInt8(length >> 8), UInt8(length & 255)]
            }
        peer.send(
            bytes: [0x85, 0x02] + head + Array(repeating: 0, count: length) + [0x63] + Array("rid".utf8)
                + [0xF6, 0x80])
        try expectEnd(of: peer, beside: other)
    }

    @Test("A frame above the limit closes its connection with 1009")
    func tooLarge() throws {
        let stage = try Stage { $0.limits.maxMessageBytes = 100_000 }
        let (peer, other) = (try stage.peer(), try stage.peer())
        peer.send(bytes: Array(repeating: 0, count: 100_001))
        try expectEnd(of: peer, 1009, beside: other)
    }

    @Test("Publishing is possible after an unknown command", arguments: Stage.loops)
    func command(loops: Int) throws {
        let stage = try Stage(loops: loops)
        let (subscriber, publisher) = (try stage.subscriber(to: "after"), try stage.peer())
        #expect(try publisher.administer("x", .other("frobnicate")).status == .unknownAdminCommand)
        try publisher.publish("after", 1)
        #expect(try subscriber.next() == .publish(.init(topic: "after", arguments: [1])))
    }
}
