/// Commands for administrators. They work for a component that the broker lists as an administrator and that has proven
/// its identity (behaviour.md §12). Others get status 10.
extension Component {
    /// Makes a topic private: only authorized components may publish and subscribe to it, expose it and call it. At
    /// first no component is authorized, not even the administrator.
    ///
    /// Throws like `call`.
    public func makePrivate(_ topic: String) async throws {
        try await admin(topic, .privateTopic)
    }

    /// Makes a topic public and deletes its authorizations.
    ///
    /// Throws like `call`.
    public func makePublic(_ topic: String) async throws {
        try await admin(topic, .publicTopic)
    }

    /// Authorizes a component to use a topic, and makes the topic private if it is not.
    ///
    /// Throws like `call`.
    public func authorize(_ name: String, _ topic: String) async throws {
        try await admin(topic, .authorize(name))
    }

    /// Withdraws a component's right to use a private topic. The topic stays private.
    ///
    /// Throws like `call`.
    public func unauthorize(_ name: String, _ topic: String) async throws {
        try await admin(topic, .unauthorize(name))
    }

    /// Sends an admin command by its name and returns the data of the answer. For commands that have no method of their
    /// own.
    ///
    /// ```swift
    /// let connections = try await component.admin("connections")
    /// try await component.admin("grant", topic: "plant/*/secret", fields: ["cid": "sensor-7", "actions": ["subscribe"]])
    /// ```
    /// - Parameters:
    ///   - command: The name of the command on the wire.
    ///   - topic: The topic that it is about; by default `__config__`, for commands about the broker itself.
    ///   - fields: Further fields of the command. A field `cmd` is ignored.
    ///   - timeout: How long to wait for the answer; by default the request timeout of the configuration.
    /// - Throws: Like `call`; `status(.unknownAdminCommand)` when the broker does not know the command.
    @discardableResult
    public func admin(
        _ command: String, topic: String = "__config__", fields: [String: Value] = [:], timeout: Duration? = nil
    ) async throws -> Value {
        let id = connection.ids.next()
        let others = fields.sorted { $0.key < $1.key }.filter { $0.key != AdminCommand.Field.command }
        let data = [(AdminCommand.Field.command, Value.text(command))] + others.map { ($0.key, $0.value) }
        let message = Message.admin(
            .init(id: MessageID(littleEndian: id), topic: topic, data: .map(ValueMap(uniqueKeysWithValues: data))))
        let subject = PendingCall.Subject.command(.other(command), topic: topic)
        let frame = OutgoingFrame(message, encoding: encoding)
        return try await ask(subject, id: id, frame: frame, timeout: timeout).successData(subject).value
    }
}
