public import NIOCore

extension Message {
    /// Decodes a text message (docs/spec/protocol.md §10).
    ///
    /// Throws ``WireError`` when the bytes are not one JSON value within the limits, or the value is not a message.
    ///
    /// - Parameters:
    ///   - buffer: The UTF-8 text.
    ///   - limits: The limits on accepted input.
    ///   - dialect: The dialect of the connection, which is updated by what the message shows.
    public init(
        json buffer: ByteBuffer, limits: DecodingLimits = .standard, dialect: inout JSONDialect
    ) throws(WireError) {
        guard case .map(var object) = try Value(json: buffer, limits: limits) else {
            throw WireError(.invalidMessage, "A JSON message must be an object.")
        }
        MessageID.keepLiteral(in: &object, of: buffer, limits: limits)
        if let method = object[JSONDialect.Key.method] {
            guard let method = method.stringValue else { throw WireError.unusable(JSONDialect.Key.method) }
            self = try Self.decodeCall(of: method, in: object, dialect: &dialect)
        } else {
            self = try Self.decodeAnswer(in: object, dialect: &dialect)
        }
    }

    // MARK: Messages with a method

    private static func decodeCall(
        of method: String, in object: ValueMap, dialect: inout JSONDialect
    ) throws(WireError) -> Message {
        let params = object[JSONDialect.Key.params]
        if case .map(let fields) = params, let type = dialect.learnType(of: fields),
            let message = try decodeTyped(type, method: method, fields: fields, in: object)
        {
            return message
        }
        guard let id = try object.optionalID else {
            // Python writes the payload into `params`, but reads it from a top-level `data`.
            let payload = params ?? object[JSONDialect.Key.data]
            return .publish(Publish(topic: method, arguments: arguments(from: payload)))
        }
        // JSON-RPC does not define this member, so peers that do not know it ignore it.
        return .request(
            Request(
                id: id, topic: method, arguments: arguments(from: params),
                timeout: RequestOptions(.map(object)).timeout))
    }

    /// Decodes a message whose params contain a type. nil when the type is unknown, so that the params are arguments.
    private static func decodeTyped(
        _ type: UInt8, method: String, fields: ValueMap, in object: ValueMap
    ) throws(WireError) -> Message? {
        if PublishFlags(rawValue: type).requiresID {
            // The reference writes only the flags. Flags combined with the type cannot mean anything else.
            guard type & 0x0F <= Kind.publish.rawValue else { return nil }
            let payload = fields[JSONDialect.Key.data] ?? object[JSONDialect.Key.data]
            return .publish(
                Publish(
                    id: try object.id, flags: PublishFlags(rawValue: type), topic: method,
                    arguments: arguments(from: payload)))
        }
        switch Kind(rawValue: type) {
        case .identity:
            let name = ComponentName.bare(try fields.text(JSONDialect.Key.component))
            return .identity(Identity(id: try object.id, name: name, meta: try fields.meta))
        case .admin:
            return .admin(Admin(id: try object.id, topic: method, data: fields.adminData))
        case .unregister:
            return .unregister(try object.id)
        case .register:
            return .register(
                Register(
                    id: try object.id, name: ComponentName.bare(method), pin: try fields.text(JSONDialect.Key.pin),
                    publicKey: try fields.bytes(JSONDialect.Key.publicKey),
                    keyType: try fields.unsigned(JSONDialect.Key.keyType)))
        case .attestation:
            return .attestation(
                Attestation(
                    id: try object.id, name: ComponentName.bare(method),
                    signature: try fields.bytes(JSONDialect.Key.signature), meta: try fields.meta))
        case .ping where method == JSONDialect.Method.ping:
            return .ping(try object.id, ComponentName.bare(try fields.text(JSONDialect.Key.component)))
        case .close where method == JSONDialect.Method.close:
            return .close
        default:
            return nil
        }
    }

    // MARK: Answers

    private static func decodeAnswer(in object: ValueMap, dialect: inout JSONDialect) throws(WireError) -> Message {
        let error = object[JSONDialect.Key.error] ?? .null
        // Some JSON-RPC libraries send both members, with one of them null.
        if let result = object[JSONDialect.Key.result], error.isNull {
            let id = try object.id
            guard case .map(let fields) = result, let type = dialect.learnType(of: fields) else {
                return .response(Response(id: id, status: .ok, data: result))
            }
            switch Kind(rawValue: type) {
            case .ack: return .ack(id)
            case .ack2: return .ack2(id)
            case .response: return .response(try response(id, fields, defaultStatus: .ok))
            default: return .response(Response(id: id, status: .ok, data: result))
            }
        }
        guard let fields = error.mapValue else {
            throw WireError(.invalidMessage, "A JSON message needs a method, a result or an error object.")
        }
        _ = dialect.learnType(of: fields)
        return .response(try response(try object.id, fields, defaultStatus: .error))
    }

    private static func response(
        _ id: MessageID, _ fields: ValueMap, defaultStatus: StatusCode
    ) throws(WireError) -> Response {
        var status = defaultStatus
        if fields[JSONDialect.Key.status] != nil {
            status = StatusCode(rawValue: try fields.unsigned(JSONDialect.Key.status))
        }
        let data = fields[JSONDialect.Key.data] ?? fields[JSONDialect.Key.message] ?? .null
        return Response(id: id, status: status, data: status == .challenge ? data.asChallenge : data)
    }
}

// MARK: - Members

extension ValueMap {
    /// The id; nil when it is missing or null.
    fileprivate var optionalID: MessageID? {
        get throws(WireError) {
            guard let value = self[JSONDialect.Key.id], !value.isNull else { return nil }
            return try MessageID(json: value)
        }
    }

    fileprivate var id: MessageID {
        get throws(WireError) {
            guard let id = try optionalID else { throw WireError.unusable(JSONDialect.Key.id) }
            return id
        }
    }

    fileprivate var meta: [String: UInt64] {
        get throws(WireError) { try Message.meta(from: self[JSONDialect.Key.meta]) }
    }

    fileprivate func unsigned(_ key: String) throws(WireError) -> UInt64 {
        guard let number = self[key]?.uintValue else { throw WireError.unusable(key) }
        return number
    }

    /// Bytes in base64. Any other text stands for its own bytes, which are neither a proof nor a key.
    fileprivate func bytes(_ key: String) throws(WireError) -> ByteBuffer {
        let text = try text(key)
        return Base64.decode(text) ?? ByteBuffer(string: text)
    }

    /// The data of an admin message. Python writes an infinite `msg_from` of `subscribe` as null.
    fileprivate var adminData: Value {
        guard case .map(var data) = self[JSONDialect.Key.data] ?? .null else {
            return self[JSONDialect.Key.data] ?? .null
        }
        if data[AdminCommand.Field.command] == .text(AdminCommand.Name.subscribe),
            data[AdminCommand.Field.messageFrom] == .null
        {
            data[AdminCommand.Field.messageFrom] = .float(.infinity)
        }
        return .map(data)
    }
}

extension Value {
    /// A challenge as bytes: Python writes base64, Julia an array of integers (protocol.md §13 D11).
    fileprivate var asChallenge: Value {
        switch self {
        case .text(let text):
            return Base64.decode(text).map(Value.bytes) ?? self
        case .array(let elements):
            let bytes = elements.compactMap { $0.uintValue.flatMap(UInt8.init(exactly:)) }
            return bytes.count == elements.count ? .bytes(ByteBuffer(bytes: bytes)) : self
        default:
            return self
        }
    }
}

extension WireError {
    fileprivate static func unusable(_ key: String) -> WireError {
        WireError(.invalidMessage, "The member `\(key)` is missing or has the wrong type.")
    }
}
