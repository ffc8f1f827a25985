import NIOCore
import Testing

@testable import RembusWire

/// One vector of protocol.md §14.1.
struct CBORVector: CustomTestStringConvertible, Sendable {
    /// The number after the V.
    let number: Int
    let message: Message
    let hex: String
    /// Whether our own encoder produces exactly these bytes; false for forms that are only accepted.
    var isCanonical = true

    var testDescription: String { "V\(number)" }
    var bytes: ByteBuffer { ByteBuffer(hex: hex) }

    static let all = identities + publications + calls + administration + accepted

    private static let signature = ByteBuffer(hex: "000102030405060708090a0b0c0d0e0f")

    private static func publish(
        _ topic: String, _ arguments: [Value], flags: UInt8 = 0, id: MessageID? = nil
    ) -> Message {
        .publish(.init(id: id, flags: PublishFlags(rawValue: flags), topic: topic, arguments: arguments))
    }

    private static func admin(_ topic: String, _ data: Value) -> Message {
        .admin(.init(id: .vector, topic: topic, data: data))
    }

    private static func admin(_ topic: String, _ command: AdminCommand) -> Message {
        admin(topic, command.data)
    }

    private static let identities = [
        CBORVector(
            number: 1, message: .identity(.init(id: .vector, name: "pump7")),
            hex: "84004801020304050607086570756d7037a0"),
        CBORVector(
            number: 2, message: .identity(.init(id: .vector, name: "pump7", meta: ["ws": 9001])),
            hex: "84004801020304050607086570756d7037a1627773192329"),
        CBORVector(
            number: 3, message: .identity(.init(id: .vector, name: "pump7.acme")),
            hex: "84004801020304050607086a70756d70372e61636d65a0"),
        CBORVector(
            number: 24, message: .attestation(.init(id: .vector, name: "pump7", signature: signature)),
            hex: "850b4801020304050607086570756d703750000102030405060708090a0b0c0d0e0fa0"),
        CBORVector(
            number: 25,
            message: .attestation(.init(id: .connection, name: "pump7", signature: signature, meta: ["wss": 9001])),
            hex: "850b48efbeadde785634126570756d703750000102030405060708090a0b0c0d0e0fa163777373192329"),
        CBORVector(
            number: 26,
            message: .register(
                .init(
                    id: .vector, name: "pump7", pin: "01020304", publicKey: ByteBuffer(string: "-----BEGIN"), keyType: 1
                )),
            hex: "860a4801020304050607086570756d70376830313032303330344a2d2d2d2d2d424547494e01"),
        CBORVector(number: 27, message: .unregister(.vector), hex: "8209480102030405060708"),
    ]

    private static let publications = [
        CBORVector(number: 4, message: publish("tick", []), hex: "8301647469636b80"),
        CBORVector(
            number: 5, message: publish("yard/pump7/flow", [12.5, "lpm"]),
            hex: "83016f796172642f70756d70372f666c6f7782fb4029000000000000636c706d"),
        CBORVector(
            number: 6, message: publish("yard/pump7/flow", [["rate": 3, "ok": true]]),
            hex: "83016f796172642f70756d70372f666c6f7781a2647261746503626f6bf5"),
        CBORVector(number: 7, message: publish("t", [.null]), hex: "8301617481f6"),
        CBORVector(
            number: 8, message: publish("tick", [1], flags: 0x10, id: .vector),
            hex: "8411480102030405060708647469636b8101"),
        CBORVector(
            number: 9, message: publish("tick", [1], flags: 0x30, id: .vector),
            hex: "841831480102030405060708647469636b8101"),
        CBORVector(
            number: 10, message: publish("tick", [1], flags: 0x40, id: MessageID(littleEndian: 1_700_000_100)),
            hex: "8418414864f1536500000000647469636b8101"),
        CBORVector(
            number: 11, message: publish("tick", [1], flags: 0x50, id: slotID),
            hex: "8418514864f15365a4a3a2a1647469636b8101"),
        CBORVector(
            number: 12, message: publish("tick", [1], flags: 0x70, id: slotID),
            hex: "8418714864f15365a4a3a2a1647469636b8101"),
        CBORVector(number: 13, message: .ack(.vector), hex: "8205480102030405060708"),
        CBORVector(number: 14, message: .ack2(.vector), hex: "8206480102030405060708"),
    ]

    private static let slotID = MessageID(littleEndian: 0xA1A2_A3A4 << 32 | 1_700_000_100)

    private static let calls = [
        CBORVector(
            number: 15, message: .request(.init(id: .vector, topic: "mix", arguments: [2, 40])),
            hex: "8502480102030405060708636d6978f682021828"),
        CBORVector(
            number: 16, message: .request(.init(id: .vector, topic: "rid")),
            hex: "850248010203040506070863726964f680"),
        CBORVector(
            number: 17, message: .request(.init(id: .vector, topic: "mix", target: "pump7", arguments: [2, 40])),
            hex: "8502480102030405060708636d69786570756d703782021828"),
        CBORVector(
            number: 18, message: .response(.init(id: .vector, status: .ok, data: 42)),
            hex: "840448010203040506070800182a"),
        CBORVector(
            number: 19, message: .response(.init(id: .vector, status: .ok)), hex: "840448010203040506070800f6"),
        CBORVector(
            number: 20, message: .response(.init(id: .vector, status: .methodNotFound, data: "mix")),
            hex: "8404480102030405060708182a636d6978"),
        CBORVector(
            number: 21, message: .response(.init(id: .vector, status: .challenge, data: .bytes(hex: "dead0001"))),
            hex: "84044801020304050607080b44dead0001"),
        CBORVector(
            number: 22, message: .response(.init(id: .connection, status: .challenge, data: .bytes(hex: "dead0001"))),
            hex: "840448efbeadde785634120b44dead0001"),
        CBORVector(
            number: 23, message: .response(.init(id: .vector, status: .ok, data: [["mix"], ["tick"]])),
            hex: "8404480102030405060708008281636d697881647469636b"),
    ]

    private static let administration = [
        CBORVector(
            number: 28, message: admin("tick", .subscribe(messageFrom: 0)),
            hex: "8403480102030405060708647469636ba263636d6469737562736372696265"
                + "686d73675f66726f6dfb0000000000000000"),
        CBORVector(
            number: 29, message: admin("tick", .subscribe(messageFrom: .infinity)),
            hex: "8403480102030405060708647469636ba263636d6469737562736372696265686d73675f66726f6df97c00"),
        CBORVector(
            number: 30, message: admin("tick", ["cmd": "subscribe", "msg_from": 900_000_000]),
            hex: "8403480102030405060708647469636ba263636d6469737562736372696265686d73675f66726f6d1a35a4e900"),
        CBORVector(
            number: 31, message: admin("tick", .unsubscribe),
            hex: "8403480102030405060708647469636ba163636d646b756e737562736372696265"),
        CBORVector(
            number: 32, message: admin("mix", .expose), hex: "8403480102030405060708636d6978a163636d64666578706f7365"),
        CBORVector(
            number: 33, message: admin("mix", .unexpose),
            hex: "8403480102030405060708636d6978a163636d6468756e6578706f7365"),
        CBORVector(
            number: 34, message: admin("__config__", .reactive(true, messageFrom: nil)),
            hex: "84034801020304050607086a5f5f636f6e6669675f5fa263636d6468726561637469766566737461747573f5"),
        CBORVector(
            number: 35, message: admin("__config__", .reactive(false, messageFrom: nil)),
            hex: "84034801020304050607086a5f5f636f6e6669675f5fa263636d6468726561637469766566737461747573f4"),
        CBORVector(
            number: 36, message: admin("__config__", .setup(exposers: ["mix"], subscribers: ["tick"])),
            hex: "84034801020304050607086a5f5f636f6e6669675f5fa363636d64657365747570686578706f7365727381636d6978"
                + "6b737562736372696265727381647469636b"),
        CBORVector(
            number: 37, message: admin("tick", .privateTopic),
            hex: "8403480102030405060708647469636ba163636d646d707269766174655f746f706963"),
        CBORVector(
            number: 38, message: admin("tick", .authorize("pump7")),
            hex: "8403480102030405060708647469636ba263636d6469617574686f72697a65636369646570756d7037"),
        CBORVector(
            number: 39,
            message: admin(
                "tick",
                [
                    "cmd": "subscribe", "msg_from": 0.0, "rmark": [.bigInteger(BigInteger(magnitude: 1...16))],
                    "touch": ["hub2"],
                ]),
            hex: "8403480102030405060708647469636ba463636d6469737562736372696265686d73675f66726f6dfb0000000000000000"
                + "65726d61726b81c2500102030405060708090a0b0c0d0e0f1065746f756368816468756232"),
    ]

    private static let accepted = [
        CBORVector(
            number: 40, message: .identity(.init(id: .vector, name: "pump7")),
            hex: "83004801020304050607086570756d7037", isCanonical: false),
        CBORVector(
            number: 41,
            message: .attestation(.init(id: .vector, name: "pump7", signature: ByteBuffer(hex: "00000000"))),
            hex: "840b4801020304050607086570756d70374400000000", isCanonical: false),
        CBORVector(
            number: 42, message: .response(.init(id: .vector, status: .ok)), hex: "830448010203040506070800",
            isCanonical: false),
        CBORVector(
            number: 43,
            message: .request(
                .init(id: MessageID(bytes: 0...15) ?? .connection, topic: "mix", arguments: [2, 40])),
            hex: "850250000102030405060708090a0b0c0d0e0f636d6978f682021828"),
        CBORVector(
            number: 44, message: .request(.init(id: .vector, topic: "rid")),
            hex: "9f0248010203040506070863726964f680ff", isCanonical: false),
        CBORVector(
            number: 45, message: .request(.init(id: .vector, topic: "mix", arguments: [2, 40])),
            hex: "8502480102030405060708636d6978f6821b00000000000000021b0000000000000028", isCanonical: false),
    ]
}
