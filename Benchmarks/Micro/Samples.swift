import NIOCore
import RembusWire

/// Messages like those of real traffic.
enum Samples {
    static let topic = "plant/7/telemetry"

    static let reading: Value = ["temperature": 21.6, "pressure": 980, "unit": "hPa", "ok": true]

    static let readings: Value = .array((0..<100).map { ["sensor": .integer($0), "value": .float(Double($0) * 0.5)] })

    static func publish(_ argument: Value, qos: QoS = .atMostOnce) -> Message {
        let id = qos == .atMostOnce ? nil : MessageID(littleEndian: 0x0807_0605_0403_0201)
        return .publish(
            .init(id: id, flags: PublishFlags(qos: qos, hasSlot: false), topic: topic, arguments: [argument]))
    }

    static func bytes(_ count: Int) -> Value {
        .bytes(ByteBuffer(repeating: 0x5A, count: count))
    }

    static func cbor(_ message: Message) -> ByteBuffer {
        var buffer = ByteBuffer()
        message.encodeCBOR(into: &buffer)
        return buffer
    }

    /// What the measurements of codecs work on.
    static let messages: [(name: String, message: Message)] = [
        ("publish 16 B", publish(bytes(16))),
        ("publish 256 B", publish(bytes(256))),
        ("publish 4 KiB", publish(bytes(4096))),
        ("publish QoS 1, 256 B", publish(bytes(256), qos: .atLeastOnce)),
        ("publish map of 4", publish(reading)),
        ("publish 100 maps of 2", publish(readings)),
        (
            "request of 2 integers",
            .request(.init(id: MessageID(littleEndian: 7), topic: "add", arguments: [1, 2]))
        ),
        ("response", .response(.init(id: MessageID(littleEndian: 7), status: .ok, data: 3))),
    ]
}
