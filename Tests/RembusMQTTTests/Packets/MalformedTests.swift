import NIOCore
import Testing

@testable import RembusMQTT

/// Bytes that MQTT forbids, and what the peer is told about them.
@Suite("Malformed MQTT packets")
struct MalformedTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var hex: String
        var reason: MQTTReason
        var version: MQTTVersion

        init(_ name: String, _ hex: String, _ reason: MQTTReason = .malformedPacket, _ version: MQTTVersion = .v5) {
            (self.name, self.hex, self.reason, self.version) = (name, hex, reason, version)
        }

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case("length of five bytes", "30ffffffff01"), Case("length with a zero byte too many", "c08000"),
        Case("packet type 0", "0000"), Case("flags of PINGREQ", "c100"), Case("flags of SUBSCRIBE", "8005000100000000"),
        Case("flags of PUBREL", "60020001"), Case("AUTH in MQTT 3.1.1", "f000", .malformedPacket, .v311),
        Case("content in a PINGREQ", "c00100"),
        // PUBLISH
        Case("QoS 3", "360500016100 0100"), Case("duplicate at QoS 0", "380400016100"),
        Case("packet identifier 0", "32060001610000 00", .protocolError),
        Case("topic longer than the packet", "3003000961"), Case("topic that is not UTF-8", "30040001ff00"),
        Case("topic with a surrogate", "30060003eda08000"), Case("topic with NUL", "300400010000"),
        Case("topic with +", "300400012b00", .topicNameInvalid),
        Case("topic with #", "300400012300", .topicNameInvalid),
        Case("no topic and no alias", "3003000000", .protocolError),
        Case("no topic, other properties", "30050000020101", .protocolError),
        Case("no topic in MQTT 3.1.1", "30020000", .protocolError, .v311),
        Case("properties longer than the packet", "30040001610a"),
        Case("alias 0", "3007000161032300 00", .topicAliasInvalid),
        Case("unknown property", "30060001610204 00"), Case("property twice", "3008000161040100 0100", .protocolError),
        Case("property of CONNACK", "3006000161022400", .protocolError),
        Case("payload format 2", "3006000161020102", .protocolError),
        Case("subscription identifier 0", "3006000161020b00", .protocolError),
        Case("response topic with #", "3008000161040800 0123", .protocolError),
        // SUBSCRIBE and UNSUBSCRIBE
        Case("empty SUBSCRIBE", "8203000100", .protocolError), Case("empty UNSUBSCRIBE", "a203000100", .protocolError),
        Case("SUBSCRIBE with QoS 3", "820700010000016103"),
        Case("subscription with reserved bits", "8207000100000161c0"),
        Case("subscription bits in MQTT 3.1.1", "8206000100016104", .malformedPacket, .v311),
        Case("retain handling 3", "820700010000016130", .protocolError),
        Case("shared subscription with no local", "820e000100 0008 24736861 72652f61 04", .protocolError),
        Case("SUBSCRIBE with packet identifier 0", "820700000000016100", .protocolError),
        Case("two subscription identifiers", "820b0001040b010b02 00016100", .protocolError),
        // CONNECT
        Case("CONNECT with a reserved flag", "100d00044d515454 05 03 0000 00 0000"),
        Case("flags of a will without a will", "100d00044d515454 05 0a 0000 00 0000"),
        Case("will with QoS 3", "101000044d515454 05 1e 0000 00 0000 00 0000"),
        Case("password without a user", "100f00044d515454 04 42 0000 0000 000170", .malformedPacket, .v311),
        Case("bytes behind a CONNECT", "100e00044d515454 05 02 0000 00 0000 00"),
        Case("authentication data alone", "101100044d515454 05 02 0000 04 160001aa 0000", .protocolError),
        Case("receive maximum 0", "101000044d515454 05 02 0000 03 210000 0000", .protocolError),
        // Answers
        Case("PUBACK with a reason of PUBREL", "4003000192", .protocolError),
        Case("PUBACK in MQTT 3.1.1 with a reason", "4003000100", .malformedPacket, .v311),
        Case("CONNACK with reserved flags", "2003020000"),
        Case("refused with a session", "2003018700", .protocolError),
        Case("SUBACK without a reason", "9003000100", .protocolError),
        Case("DISCONNECT with an unknown reason", "e00205 00", .protocolError),
        Case("too large", "30ffff03", .packetTooLarge),
    ]

    @Test("Refused with the right reason", arguments: cases) func refused(_ each: Case) {
        var reader = MQTTPacketReader(maxPacketBytes: 1000, version: each.version)
        var bytes = ByteBuffer(hex: each.hex)
        reader.feed(&bytes)
        let error = #expect(throws: MQTTProtocolError.self) { try reader.next() }
        #expect(error?.reason == each.reason, "\(error.map(\.description) ?? "")")
    }

    @Test("Versions that are not spoken can be answered in a form that their sender understands") func versions() {
        let cases: [(String, MQTTVersion)] = [
            ("100e 0006 4d5149736470 02 02 0000 0000", .v311), ("100c 0004 4d515454 03 02 0000 0000", .v311),
            ("100d 0004 4d515454 06 02 0000 00 0000", .v5), ("100c 0004 4d515455 04 02 0000 0000", .v311),
        ]
        for (hex, version) in cases {
            var reader = MQTTPacketReader(maxPacketBytes: 1000)
            var bytes = ByteBuffer(hex: hex)
            reader.feed(&bytes)
            let error = #expect(throws: MQTTProtocolError.self) { try reader.next() }
            #expect(error?.reason == .unsupportedProtocolVersion)
            #expect(reader.version == version)
        }
        #expect(MQTTReason.unsupportedProtocolVersion.v311ConnectCode == 1)
    }

    @Test("Half a packet is no error") func incomplete() throws {
        for packet in Samples.version5 {
            var bytes = packet.encoded(.v5)
            bytes.moveWriterIndex(to: bytes.writerIndex - 1)
            var reader = MQTTPacketReader(maxPacketBytes: 1 << 20, version: .v5)
            reader.feed(&bytes)
            #expect(try reader.next() == nil)
        }
    }
}
