#if WITH_ZEROMQ
import NIOCore
import RembusTransport
import RembusWire
import Testing

@testable import RembusZeroMQ

/// Header and body of each message: the vectors of protocol.md §14.5, and what they leave out.
@Suite struct FramingTests {
    static let id = MessageID(littleEndian: 0x0807_0605_0403_0201)

    static let vectors: [(name: String, message: Message, header: String, body: String)] = [
        ("V65", .identity(.init(id: id, name: "pump7")), "84004801020304050607086570756d7037a0", "f6"),
        ("V66", .publish(.init(id: nil, topic: "tick", arguments: [1])), "8201647469636b", "8101"),
        (
            "V67", .publish(.init(id: id, flags: PublishFlags(rawValue: 0x10), topic: "tick", arguments: [1])),
            "8311480102030405060708647469636b", "8101"
        ),
        (
            "V68", .request(.init(id: id, topic: "mix", arguments: [2, 40])), "8402480102030405060708636d6978f6",
            "82021828"
        ),
        ("V69", .response(.init(id: id, status: .ok, data: 42)), "830448010203040506070800", "182a"),
        ("V70", .ping(id, "pump7"), "830c4801020304050607086570756d7037", "f6"),
        ("V71", .close, "810f", "f6"),
        ("Ack", .ack(id), "8205480102030405060708", "f6"),
        ("Ack2", .ack2(id), "8206480102030405060708", "f6"),
        ("Unregister", .unregister(id), "8209480102030405060708", "f6"),
        (
            "Admin", .admin(.init(id: id, topic: "tick", data: .map(["cmd": "expose"]))),
            "8403480102030405060708647469636bf6", "a163636d64666578706f7365"
        ),
        (
            "Register",
            .register(.init(id: id, name: "pump7", pin: "1234", publicKey: ByteBuffer(bytes: [1, 2, 3]), keyType: 2)),
            "850a4801020304050607086570756d7037643132333402", "010203"
        ),
        (
            "Attestation", .attestation(.init(id: id, name: "pump7", signature: ByteBuffer(bytes: [9, 8]))),
            "840b4801020304050607086570756d7037a0", "0908"
        ),
        (
            "slot", .publish(.init(id: id, flags: PublishFlags(rawValue: 0x70), topic: "t", arguments: [])),
            "8318714801020304050607086174", "80"
        ),
    ]

    @Test(arguments: vectors.indices)
    func messagesAreCutAsTheProtocolSays(_ index: Int) throws {
        let vector = Self.vectors[index]
        let (header, body) = try #require(split(encoded(vector.message), isDealer: true), "\(vector.name)")
        #expect(header == bytes(vector.header), "\(vector.name)")
        #expect(body == bytes(vector.body), "\(vector.name)")
    }

    @Test(arguments: vectors.indices)
    func partsMakeTheMessageAgain(_ index: Int) throws {
        let vector = Self.vectors[index]
        #expect(joined(vector.header, vector.body) == encoded(vector.message), "\(vector.name)")
    }

    @Test func aRoutersAdminHeaderEndsBehindTheTopic() throws {
        let message = encoded(.admin(.init(id: Self.id, topic: "tick", data: .map(["cmd": "expose"]))))
        let (header, body) = try #require(split(message, isDealer: false))
        #expect(header == bytes("8303480102030405060708647469636b"))
        #expect(joined("8303480102030405060708647469636b", "a163636d64666578706f7365") == message)
        #expect(body == bytes("a163636d64666578706f7365"))
    }

    @Test func liberalFormsAreTaken() {
        // An array of indefinite length; a request without a target; a body that is missing; elements of a newer peer.
        #expect(joined("9f01647469636bff", "8101") == bytes("8301647469636b8101"))
        #expect(joined("8302480102030405060708636d6978", "80") == bytes("8502480102030405060708636d6978f680"))
        #expect(joined("8201647469636b", "") == bytes("8301647469636bf6"))
        #expect(joined("8301647469636b05", "8101") == bytes("8301647469636b8101"))
        #expect(
            joined("9f0b4801020304050607086570756d7037a0ff", "0908")
                == bytes("850b4801020304050607086570756d7037420908a0"))
    }

    @Test(arguments: ["d9d9f7", "da0000d9f7", "d9d9f7d9d9f7"])
    func aHeaderMaySayThatItIsCBOR(tag: String) {
        #expect(joined(tag + "8201647469636b", "8101") == bytes("8301647469636b8101"))
        var target = ByteBuffer()
        #expect(!join("d82a8201647469636b", "8101", into: &target))
    }

    @Test func bytesBehindTheHeaderDoNotGetIntoTheMessage() {
        #expect(joined("8201647469636b" + "8109", "8101") == bytes("8301647469636b8101"))
        #expect(joined("810f" + "ff", "f6") == bytes("810f"))
    }

    @Test(arguments: [
        "", "01", "f6", "80", "a0", "8101", "820164746963", "8102", "8304480102", "9f01", "98ff01", "8161",
    ])
    func whatIsNoHeaderIsNotJoined(_ header: String) {
        var target = ByteBuffer(bytes: [7])
        #expect(!join(header, "8101", into: &target))
        #expect(target == ByteBuffer(bytes: [7]))
    }

    @Test func everyCutHeaderIsRefusedOrHarmless() {
        // No input reads outside its bytes, and what comes out is well-formed in front of the body.
        for vector in Self.vectors {
            let whole = bytes(vector.header)
            for length in 0..<whole.count {
                var target = ByteBuffer()
                let isJoined = join(Array(whole[..<length]), bytes(vector.body), into: &target)
                #expect(isJoined == (target.readableBytes > 0))
            }
        }
    }

    @Test func aBrokersCloseCarriesTheReason() throws {
        let header = CloseMessage.header(LinkCloseReason(code: 4000, text: "overwritten", isRemote: false))
        let reason = try #require(header.withUnsafeReadableBytes { CloseMessage.reason(in: $0) })
        #expect(reason.code == 4000 && reason.text == "overwritten" && reason.isRemote)
        let plain = try #require(CloseMessage.plain.withUnsafeBytes { CloseMessage.reason(in: $0) })
        #expect(plain.code == 1000)
        #expect(bytes("830c4801020304050607086570756d7037").withUnsafeBytes { CloseMessage.reason(in: $0) } == nil)
    }
}

// MARK: Helpers

private func bytes(_ hex: String) -> [UInt8] {
    var result: [UInt8] = []
    var rest = Substring(hex)
    while let byte = UInt8(rest.prefix(2), radix: 16) {
        result.append(byte)
        rest = rest.dropFirst(2)
    }
    return result
}

private func encoded(_ message: Message) -> [UInt8] {
    var buffer = ByteBuffer()
    message.encodeCBOR(into: &buffer)
    return Array(buffer.readableBytesView)
}

private func split(_ message: [UInt8], isDealer: Bool) -> (header: [UInt8], body: [UInt8])? {
    var target = ByteBuffer()
    let lengths = message.withUnsafeBytes { PartSplitter(isDealer: isDealer).split($0, into: &target) }
    guard let (header, body) = lengths, header + body == target.readableBytes else { return nil }
    let all = Array(target.readableBytesView)
    return (Array(all[..<header]), Array(all[header...]))
}

private func join(_ header: [UInt8], _ body: [UInt8], into target: inout ByteBuffer) -> Bool {
    header.withUnsafeBytes { header in
        body.withUnsafeBytes { body in PartJoiner.join(header: header, body: body, into: &target) }
    }
}

private func join(_ header: String, _ body: String, into target: inout ByteBuffer) -> Bool {
    join(bytes(header), bytes(body), into: &target)
}

private func joined(_ header: String, _ body: String) -> [UInt8] {
    var target = ByteBuffer()
    _ = join(header, body, into: &target)
    return Array(target.readableBytesView)
}
#endif
