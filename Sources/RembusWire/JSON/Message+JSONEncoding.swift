public import NIOCore

extension Message {
    /// Appends the text message (docs/spec/protocol.md §10).
    ///
    /// Objects contain both type keys, publications repeat their payload as a top-level `data` for Python, and errors
    /// have the members of JSON-RPC besides those of Rembus. The target of a request is not encoded. Bytes become
    /// base64.
    ///
    /// - Parameters:
    ///   - buffer: The buffer that the UTF-8 text is appended to.
    ///   - dialect: The dialect of the receiver, which decides the form of a challenge.
    public func encodeJSON(into buffer: inout ByteBuffer, dialect: JSONDialect) {
        write(object(dialect), JSONWriter(), into: &buffer)
    }

    /// Appends the text message, with dataframes in the form that `frames` writes.
    package func encodeJSON(into buffer: inout ByteBuffer, dialect: JSONDialect, frames: @escaping FrameJSON) {
        write(object(dialect), JSONWriter(frames: frames), into: &buffer)
    }

    /// Writes the object. An id that no value can represent is written as its text.
    private func write(_ object: Value, _ writer: JSONWriter, into buffer: inout ByteBuffer) {
        guard let literal = id?.literalNumber, case .map(var members) = object else {
            return writer.write(object, into: &buffer)
        }
        members[JSONDialect.Key.id] = nil
        buffer.writeString("{\"\(JSONDialect.Key.id)\":\(literal)")
        for member in members {
            buffer.writeStaticString(",")
            buffer.writeJSONString(member.key.stringValue ?? "")
            buffer.writeStaticString(":")
            writer.write(member.value, into: &buffer)
        }
        buffer.writeStaticString("}")
    }

    private func object(_ dialect: JSONDialect) -> Value {
        typealias Key = JSONDialect.Key
        switch self {
        case .identity(let part):
            return call(
                JSONDialect.Method.identity,
                typed(.identity, [(Key.component, .text(part.name)), (Key.meta, Self.value(ofMeta: part.meta))]))
        case .publish(let part):
            return part.jsonObject
        case .request(let part):
            let timeout = part.timeout.map { [(Key.timeout, Value(unsigned: $0))] } ?? []
            return call(part.topic, .array(part.arguments), timeout)
        case .admin(let part):
            return call(part.topic, typed(.admin, [(Key.data, part.data.withoutInfiniteDuration)]))
        case .response(let part):
            return part.jsonObject(dialect)
        case .ack(let id):
            return envelope(id, [(Key.result, typed(.ack))])
        case .ack2(let id):
            return envelope(id, [(Key.result, typed(.ack2))])
        case .unregister:
            return call(JSONDialect.Method.unregister, typed(.unregister))
        case .register(let part):
            return call(
                part.name,
                typed(
                    .register,
                    [
                        (Key.pin, .text(part.pin)), (Key.publicKey, .bytes(part.publicKey)),
                        (Key.keyType, Value(unsigned: part.keyType)),
                    ]))
        case .attestation(let part):
            return call(
                part.name,
                typed(
                    .attestation, [(Key.signature, .bytes(part.signature)), (Key.meta, Self.value(ofMeta: part.meta))])
            )
        case .ping(_, let name):
            return call(JSONDialect.Method.ping, typed(.ping, [(Key.component, .text(name))]))
        case .close:
            return call(JSONDialect.Method.close, typed(.close))
        }
    }

    private func call(_ method: String, _ params: Value, _ others: [(String, Value)] = []) -> Value {
        envelope(id, [(JSONDialect.Key.method, .text(method)), (JSONDialect.Key.params, params)] + others)
    }
}

extension Message.Publish {
    fileprivate var jsonObject: Value {
        let payload = Value.array(arguments)
        let typed = typed(flags.rawValue, [(JSONDialect.Key.data, payload)])
        return envelope(
            flags.requiresID ? id ?? .random() : nil,
            [
                (JSONDialect.Key.method, .text(topic)),
                (JSONDialect.Key.params, flags.requiresID ? typed : payload),
                // Python reads the payload here; all others read it from params.
                (JSONDialect.Key.data, payload),
            ])
    }
}

extension Message.Response {
    fileprivate func jsonObject(_ dialect: JSONDialect) -> Value {
        typealias Key = JSONDialect.Key
        let isResult = status == .ok || status == .challenge
        var members = [(Key.status, Value(unsigned: status.rawValue)), (Key.data, jsonData(dialect))]
        if !isResult {
            members += [
                (Key.code, .integer(JSONDialect.serverError)),
                (Key.message, .text(data.stringValue ?? status.description)),
            ]
        }
        return envelope(id, [(isResult ? Key.result : Key.error, typed(.response, members))])
    }

    private func jsonData(_ dialect: JSONDialect) -> Value {
        guard status == .challenge, dialect.challengeAsArray, let bytes = data.bytesValue else { return data }
        return .array(bytes.readableBytesView.map { Value.integer(Int64($0)) })
    }
}

extension Value {
    /// Admin data with a `msg_from` that JSON can represent.
    fileprivate var withoutInfiniteDuration: Value {
        guard case .map(var map) = self, map[AdminCommand.Field.messageFrom] == .float(.infinity) else { return self }
        map[AdminCommand.Field.messageFrom] = .float(JSONDialect.everything)
        return .map(map)
    }
}

/// An object with the version and, if there is one, the id.
private func envelope(_ id: MessageID?, _ members: [(String, Value)]) -> Value {
    let head: [(String, Value)] = [(JSONDialect.Key.version, "2.0")]
    return .map(ValueMap(uniqueKeysWithValues: head + (id.map { [(JSONDialect.Key.id, $0.json)] } ?? []) + members))
}

/// An object with both type keys.
private func typed(_ kind: Message.Kind, _ members: [(String, Value)] = []) -> Value {
    typed(kind.rawValue, members)
}

private func typed(_ type: UInt8, _ members: [(String, Value)]) -> Value {
    let number = Value.integer(Int64(type))
    return .map(
        ValueMap(
            uniqueKeysWithValues: [(JSONDialect.Key.type, number), (JSONDialect.Key.dunderType, number)] + members))
}
