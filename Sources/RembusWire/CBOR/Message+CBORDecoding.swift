public import NIOCore

extension Message {
    /// Decodes a binary message (docs/spec/protocol.md §3) with the tolerance of §2 and §13.
    ///
    /// Bytes after the message are ignored. Throws ``WireError`` when the bytes are not a well-formed item within the
    /// limits, or the item is not a message.
    public init(cbor buffer: ByteBuffer, limits: DecodingLimits = .standard) throws(WireError) {
        self = try limits.withBytes(of: buffer) { bytes throws(WireError) in
            var elements = try CBORMessageReader(CBORReader(bytes, of: buffer, limits: limits))
            let message = try Message(&elements)
            try elements.skipRest()
            return message
        }
    }

    private init(_ elements: inout CBORMessageReader) throws(WireError) {
        let first = try elements.unsigned("type")
        guard first <= 0xFF, let kind = Kind(rawValue: UInt8(first) & 0x0F) else {
            throw WireError(.unsupported, "The message type \(first) is unknown.")
        }
        switch kind {
        case .identity:
            self = .identity(
                Identity(id: try elements.id(), name: try elements.componentName(), meta: try elements.meta()))
        case .publish:
            let flags = PublishFlags(rawValue: UInt8(first))
            let id = flags.requiresID ? try elements.id() : nil
            self = .publish(
                Publish(id: id, flags: flags, topic: try elements.text("topic"), arguments: try elements.arguments()))
        case .request:
            self = .request(
                Request(
                    id: try elements.id(), topic: try elements.text("topic"), target: try elements.target(),
                    arguments: try elements.arguments(), timeout: RequestOptions(try elements.optionalValue()).timeout)
            )
        case .admin:
            self = .admin(
                Admin(
                    id: try elements.id(), topic: try elements.text("topic"),
                    data: try elements.optionalValue() ?? .null))
        case .response:
            self = .response(
                Response(
                    id: try elements.id(), status: StatusCode(rawValue: try elements.unsigned("status")),
                    data: try elements.optionalValue() ?? .null))
        case .ack: self = .ack(try elements.id())
        case .ack2: self = .ack2(try elements.id())
        case .unregister: self = .unregister(try elements.id())
        case .register:
            self = .register(
                Register(
                    id: try elements.id(), name: try elements.componentName(), pin: try elements.text("pin"),
                    publicKey: try elements.bytes("public key"), keyType: try elements.unsigned("key type")))
        case .attestation:
            self = .attestation(
                Attestation(
                    id: try elements.id(), name: try elements.componentName(),
                    signature: try elements.bytes("signature"), meta: try elements.meta()))
        case .ping: self = .ping(try elements.id(), try elements.componentName())
        case .close: self = .close
        }
    }
}
