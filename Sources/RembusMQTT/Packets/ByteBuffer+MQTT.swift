import NIOCore

extension ByteBuffer {
    /// The largest number that ``writeMQTTVariable(_:)`` can write, and so the most bytes of a packet behind its head.
    package static let maxMQTTVariable = 268_435_455

    static func mqttVariableLength(_ value: Int) -> Int {
        switch value {
        case ..<0x80: 1
        case ..<0x4000: 2
        case ..<0x20_0000: 3
        default: 4
        }
    }

    mutating func writeMQTTVariable(_ value: Int) {
        var rest = min(max(value, 0), Self.maxMQTTVariable)
        while rest >= 0x80 {
            writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    /// Texts are cut at 65,535 bytes. No text that reaches this point is longer.
    mutating func writeMQTTText(_ text: String) {
        writeInteger(UInt16(text.mqttLength))
        if text.utf8.count <= 0xFFFF {
            writeString(text)
        } else {
            writeBytes(text.utf8.prefix(text.mqttLength))
        }
    }

    mutating func writeMQTTData(_ data: ByteBuffer) {
        let count = min(data.readableBytes, 0xFFFF)
        writeInteger(UInt16(count))
        writeBytes(data.readableBytesView.prefix(count))
    }
}

extension String {
    /// The bytes of the text as it is written: at most 65,535, without a partial character.
    var mqttLength: Int {
        let utf8 = self.utf8
        guard utf8.count > 0xFFFF else { return utf8.count }
        var end = utf8.index(utf8.startIndex, offsetBy: 0xFFFF)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return utf8.distance(from: utf8.startIndex, to: end)
    }
}
