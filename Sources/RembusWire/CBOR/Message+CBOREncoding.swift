public import NIOCore

extension Message {
    /// Appends the binary message in the form of docs/spec/protocol.md §2 and §3.
    public func encodeCBOR(into buffer: inout ByteBuffer) {
        switch self {
        case .identity(let part):
            buffer.startMessage(.identity, elements: 4, id: part.id)
            buffer.writeCBORText(part.name)
            Self.value(ofMeta: part.meta).encodeCBOR(into: &buffer)
        case .publish(let part):
            part.encodeCBOR(into: &buffer)
        case .request(let part):
            buffer.startMessage(.request, elements: part.timeout == nil ? 5 : 6, id: part.id)
            buffer.writeCBORText(part.topic)
            if let target = part.target { buffer.writeCBORText(target) } else { buffer.writeCBORNull() }
            buffer.writeCBORArray(part.arguments)
            if let timeout = part.timeout { RequestOptions(timeout: timeout).encodeCBOR(into: &buffer) }
        case .admin(let part):
            buffer.startMessage(.admin, elements: 4, id: part.id)
            buffer.writeCBORText(part.topic)
            part.data.encodeCBOR(into: &buffer)
        case .response(let part):
            buffer.startMessage(.response, elements: 4, id: part.id)
            buffer.writeCBORHead(.unsigned, part.status.rawValue)
            part.data.encodeCBOR(into: &buffer)
        case .ack(let id): buffer.startMessage(.ack, elements: 2, id: id)
        case .ack2(let id): buffer.startMessage(.ack2, elements: 2, id: id)
        case .unregister(let id): buffer.startMessage(.unregister, elements: 2, id: id)
        case .register(let part):
            buffer.startMessage(.register, elements: 6, id: part.id)
            buffer.writeCBORText(part.name)
            buffer.writeCBORText(part.pin)
            buffer.writeCBORBytes(part.publicKey)
            buffer.writeCBORHead(.unsigned, part.keyType)
        case .attestation(let part):
            buffer.startMessage(.attestation, elements: 5, id: part.id)
            buffer.writeCBORText(part.name)
            buffer.writeCBORBytes(part.signature)
            Self.value(ofMeta: part.meta).encodeCBOR(into: &buffer)
        case .ping(let id, let name):
            buffer.startMessage(.ping, elements: 3, id: id)
            buffer.writeCBORText(name)
        case .close:
            buffer.startMessage(.close, elements: 1)
        }
    }
}

extension Message.Publish {
    fileprivate func encodeCBOR(into buffer: inout ByteBuffer) {
        if flags.requiresID {
            buffer.startMessage(.publish, flags: flags.rawValue, elements: 4, id: id ?? .random())
        } else {
            buffer.startMessage(.publish, elements: 3)
        }
        buffer.writeCBORText(topic)
        buffer.writeCBORArray(arguments)
    }
}

extension ByteBuffer {
    /// Writes the array head, the type with its flags, and the id when there is one.
    package mutating func startMessage(
        _ kind: Message.Kind, flags: UInt8 = 0, elements: UInt64, id: MessageID? = nil
    ) {
        writeCBORHead(.array, elements)
        writeCBORHead(.unsigned, UInt64(kind.rawValue | flags))
        if let id { writeCBORID(id) }
    }
}
