public import RembusIdentity

extension Node {
    /// Registers a name with a broker, see ``Component/register(_:pin:scheme:configuration:)-(String,_,_,_)``.
    public static func register(
        _ url: String, pin: String, scheme: KeyScheme = .ecdsa,
        configuration: ComponentConfiguration = ComponentConfiguration()
    ) throws {
        try blocking { try await Component.register(url, pin: pin, scheme: scheme, configuration: configuration) }
    }

    /// Unregisters the node's name, see ``Component/unregister()``.
    public func unregister() throws {
        try blocking { [component] in try await component.unregister() }
    }

    /// Makes a topic private, see ``Component/makePrivate(_:)``.
    public func makePrivate(_ topic: String) throws {
        try blocking { [component] in try await component.makePrivate(topic) }
    }

    /// Makes a topic public, see ``Component/makePublic(_:)``.
    public func makePublic(_ topic: String) throws {
        try blocking { [component] in try await component.makePublic(topic) }
    }

    /// Authorizes a component to use a private topic, see ``Component/authorize(_:_:)``.
    public func authorize(_ name: String, _ topic: String) throws {
        try blocking { [component] in try await component.authorize(name, topic) }
    }

    /// Withdraws the right to use a private topic, see ``Component/unauthorize(_:_:)``.
    public func unauthorize(_ name: String, _ topic: String) throws {
        try blocking { [component] in try await component.unauthorize(name, topic) }
    }

    /// Sends an admin command by its name, see ``Component/admin(_:topic:fields:timeout:)``.
    @discardableResult
    public func admin(
        _ command: String, topic: String = "__config__", fields: [String: Value] = [:], timeout: Duration? = nil
    ) throws -> Value {
        try blocking { [component] in
            try await component.admin(command, topic: topic, fields: fields, timeout: timeout)
        }
    }
}
