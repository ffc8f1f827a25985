import RembusWire

extension Message {
    /// The message with its id in another JSON form. An id that is not a number stays as it is.
    func withID(as form: MessageID.JSONForm) -> Message {
        guard var id, id.littleEndianValue != nil else { return self }
        id.jsonForm = form
        switch self {
        case .identity(var part):
            part.id = id
            return .identity(part)
        case .publish(var part):
            part.id = id
            return .publish(part)
        case .request(var part):
            part.id = id
            return .request(part)
        case .admin(var part):
            part.id = id
            return .admin(part)
        case .response(var part):
            part.id = id
            return .response(part)
        case .register(var part):
            part.id = id
            return .register(part)
        case .attestation(var part):
            part.id = id
            return .attestation(part)
        case .ack: return .ack(id)
        case .ack2: return .ack2(id)
        case .unregister: return .unregister(id)
        case .ping(_, let name): return .ping(id, name)
        case .close: return self
        }
    }
}
