package import NIOCore

extension MQTTProperties {
    /// Appends the properties behind their length.
    package func encode(into buffer: inout ByteBuffer) {
        buffer.writeMQTTVariable(contentLength)
        for entry in entries { entry.encode(into: &buffer) }
    }

    /// The number of bytes that ``encode(into:)`` appends.
    package var encodedLength: Int {
        let length = contentLength
        return ByteBuffer.mqttVariableLength(length) + length
    }

    /// That number without the length in front.
    var contentLength: Int { entries.reduce(0) { $0 + $1.encodedLength } }
}

extension MQTTProperties.Entry {
    fileprivate var encodedLength: Int {
        switch value {
        case .byte: 2
        case .short: 3
        case .long: 5
        case .variable(let number): 1 + ByteBuffer.mqttVariableLength(number)
        case .text(let text): 3 + text.mqttLength
        case .bytes(let bytes): 3 + min(bytes.readableBytes, 0xFFFF)
        case .pair(let name, let value): 5 + name.mqttLength + value.mqttLength
        }
    }

    fileprivate func encode(into buffer: inout ByteBuffer) {
        buffer.writeInteger(id.rawValue)
        switch value {
        case .byte(let value): buffer.writeInteger(value)
        case .short(let value): buffer.writeInteger(value)
        case .long(let value): buffer.writeInteger(value)
        case .variable(let value): buffer.writeMQTTVariable(value)
        case .text(let text): buffer.writeMQTTText(text)
        case .bytes(let bytes): buffer.writeMQTTData(bytes)
        case .pair(let name, let value):
            buffer.writeMQTTText(name)
            buffer.writeMQTTText(value)
        }
    }
}
