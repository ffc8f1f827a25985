import NIOCore
import Testing

@testable import RembusMQTT

@Suite("MQTT packets")
struct PacketTests {
    private func reread(_ packet: MQTTPacket, _ version: MQTTVersion) throws -> MQTTPacket? {
        var reader = MQTTPacketReader(maxPacketBytes: 1 << 20, version: version)
        var bytes = packet.encoded(version)
        reader.feed(&bytes)
        return try reader.next()
    }

    @Test("What is written is read again", arguments: Samples.version5) func version5(_ packet: MQTTPacket) throws {
        #expect(try reread(packet, .v5) == packet)
    }

    @Test("And in MQTT 3.1.1", arguments: Samples.version311) func version311(_ packet: MQTTPacket) throws {
        #expect(try reread(packet, .v311) == packet)
    }

    @Test("The bytes are those of the specification") func bytes() {
        let connect = MQTTPacket.connect(
            MQTTConnect(version: .v311, clientID: "ab", keepAlive: 10, userName: "u", password: ByteBuffer(string: "p"))
        )
        #expect(connect.encoded(.v311) == ByteBuffer(hex: "1014 0004 4d515454 04 c2 000a 0002 6162 0001 75 0001 70"))
        let publish = MQTTPacket.publish(
            MQTTPublish(topic: "a/b", payload: ByteBuffer(string: "x"), qos: .atLeastOnce, packetID: 10))
        #expect(publish.encoded(.v311) == ByteBuffer(hex: "3208 0003 612f62 000a 78"))
        #expect(publish.encoded(.v5) == ByteBuffer(hex: "3209 0003 612f62 000a 00 78"))
        #expect(
            MQTTPacket.pubrel(packetID: 1, reason: .success, properties: .init()).encoded(.v5) == .init(hex: "62020001")
        )
        #expect(
            MQTTPacket.puback(packetID: 1, reason: .notAuthorized, properties: .init()).encoded(.v5)
                == .init(hex: "4003000187"))
        #expect(MQTTPacket.disconnect(reason: .success, properties: .init()).encoded(.v5) == .init(hex: "e000"))
    }

    @Test("A publication made of its parts is the same") func fastPath() {
        for version in [MQTTVersion.v311, .v5] {
            for qos in [MQTTQoS.atMostOnce, .exactlyOnce] {
                let id: UInt16 = qos == .atMostOnce ? 0 : 300
                let publish = MQTTPublish(
                    topic: "a/b", payload: ByteBuffer(repeating: 65, count: 200), qos: qos, isRetained: true,
                    packetID: id)
                var fast = ByteBuffer()
                ByteBuffer(string: "a/b").withUnsafeReadableBytes { topic in
                    publish.payload.withUnsafeReadableBytes { payload in
                        MQTTPacket.encodePublish(
                            topic: topic, payload: payload, qos: qos, isRetained: true, packetID: id, version: version,
                            into: &fast)
                    }
                }
                #expect(fast == MQTTPacket.publish(publish).encoded(version))
            }
        }
    }

    @Test("However the bytes arrive, the packets are the same", arguments: [1, 2, 3, 7, 64])
    func pieces(size: Int) throws {
        var stream = ByteBuffer()
        for packet in Samples.version5 { packet.encode(version: .v5, into: &stream) }
        var reader = MQTTPacketReader(maxPacketBytes: 1 << 20)
        var packets: [MQTTPacket] = []
        while stream.readableBytes > 0 {
            var piece = stream.readSlice(length: min(size, stream.readableBytes)) ?? ByteBuffer()
            reader.feed(&piece)
            while let packet = try reader.next() { packets.append(packet) }
        }
        #expect(packets == Samples.version5)
        #expect(reader.pendingBytes == 0)
    }
}
