/// An admin command with typed data (docs/spec/protocol.md §8).
public enum AdminCommand: Sendable, Hashable {
    /// Subscribes. The sender wants publications of the last `messageFrom` nanoseconds, with 0 only new ones. With
    /// `lastValue` the last value of each topic comes first, if the broker keeps it.
    case subscribe(messageFrom: Double, lastValue: Bool = false)
    /// Ends a subscription.
    case unsubscribe
    /// Exposes a method.
    case expose
    /// Withdraws a method.
    case unexpose
    /// Starts or stops delivery. `messageFrom` limits replay, in nanoseconds; nil when the sender left it out.
    case reactive(Bool, messageFrom: Double?)
    /// Exposes and subscribes many topics, and starts delivery.
    case setup(exposers: [String], subscribers: [String])
    /// Makes the topic private.
    case privateTopic
    /// Makes the topic public.
    case publicTopic
    /// Authorizes a component to use the private topic.
    case authorize(String)
    /// Withdraws that right.
    case unauthorize(String)
    /// Any other command, by its name on the wire.
    case other(String)

    /// Reads a command. Extra fields are ignored. Throws ``WireError/Code/invalidMessage`` when the data is not a map,
    /// or a required field is missing or has the wrong type; the answer to that is ``StatusCode/error``.
    ///
    /// `msg_from` and `status` are read as Rembus for Python reads them: see ``Value/numericValue``.
    public init(_ data: Value) throws(WireError) {
        guard let fields = data.mapValue else {
            throw WireError(.invalidMessage, "The data of an admin command must be a map.")
        }
        let name = try fields.text(Field.command)
        self =
            switch name {
            case Name.subscribe:
                .subscribe(
                    messageFrom: try fields.duration(Field.messageFrom) ?? 0,
                    lastValue: fields[Field.lastValue]?.boolValue ?? false)
            case Name.unsubscribe: .unsubscribe
            case Name.expose: .expose
            case Name.unexpose: .unexpose
            case Name.reactive:
                .reactive(try fields.bool(Field.status), messageFrom: try fields.duration(Field.messageFrom))
            case Name.setup:
                .setup(exposers: try fields.texts(Field.exposers), subscribers: try fields.texts(Field.subscribers))
            case Name.privateTopic: .privateTopic
            case Name.publicTopic: .publicTopic
            case Name.authorize: .authorize(try fields.text(Field.component))
            case Name.unauthorize: .unauthorize(try fields.text(Field.component))
            default: .other(name)
            }
    }

    /// The data on the wire.
    public var data: Value {
        switch self {
        case .subscribe(let messageFrom, let lastValue):
            command(
                Name.subscribe,
                [(Field.messageFrom, .float(messageFrom))] + (lastValue ? [(Field.lastValue, .bool(true))] : []))
        case .unsubscribe: command(Name.unsubscribe)
        case .expose: command(Name.expose)
        case .unexpose: command(Name.unexpose)
        case .reactive(let status, let messageFrom):
            command(
                Name.reactive,
                [(Field.status, .bool(status))] + (messageFrom.map { [(Field.messageFrom, .float($0))] } ?? []))
        case .setup(let exposers, let subscribers):
            command(
                Name.setup,
                [
                    (Field.exposers, .array(exposers.map(Value.text))),
                    (Field.subscribers, .array(subscribers.map(Value.text))),
                ])
        case .privateTopic: command(Name.privateTopic)
        case .publicTopic: command(Name.publicTopic)
        case .authorize(let name): command(Name.authorize, [(Field.component, .text(name))])
        case .unauthorize(let name): command(Name.unauthorize, [(Field.component, .text(name))])
        case .other(let name): command(name)
        }
    }

    private func command(_ name: String, _ fields: [(String, Value)] = []) -> Value {
        .map(ValueMap(uniqueKeysWithValues: [(Field.command, .text(name))] + fields))
    }

    /// The names of the commands on the wire.
    package enum Name {
        package static let subscribe = "subscribe"
        package static let unsubscribe = "unsubscribe"
        package static let expose = "expose"
        package static let unexpose = "unexpose"
        package static let reactive = "reactive"
        package static let setup = "setup"
        package static let privateTopic = "private_topic"
        package static let publicTopic = "public_topic"
        package static let authorize = "authorize"
        package static let unauthorize = "unauthorize"
        /// Answered when everything that was sent before it has been handled. The data of the answer is null, or says
        /// how many publications at QoS 0 were refused since the last `flush`. Brokers that do not know the command
        /// answer too.
        package static let flush = "flush"
    }

    /// The names of the fields on the wire.
    package enum Field {
        package static let command = "cmd"
        package static let messageFrom = "msg_from"
        package static let lastValue = "last_value"
        package static let status = "status"
        package static let exposers = "exposers"
        package static let subscribers = "subscribers"
        package static let component = "cid"
        package static let routeMarks = "rmark"
        package static let touchedNames = "touch"
        package static let refused = "refused"
        package static let reason = "reason"
    }
}

extension ValueMap {
    /// A text that must be present.
    func text(_ key: String) throws(WireError) -> String {
        guard let text = self[key]?.stringValue else { throw unusable(key, "a text") }
        return text
    }

    /// A truth value. A number is true unless it is zero, as in Python.
    fileprivate func bool(_ key: String) throws(WireError) -> Bool {
        if let flag = self[key]?.boolValue { return flag }
        guard let number = self[key]?.doubleValue, !number.isNaN else { throw unusable(key, "true or false") }
        return number != 0
    }

    /// Nanoseconds; nil when the field is missing.
    fileprivate func duration(_ key: String) throws(WireError) -> Double? {
        guard let field = self[key] else { return nil }
        guard let number = field.numericValue, !number.isNaN else { throw unusable(key, "a number") }
        return number
    }

    fileprivate func texts(_ key: String) throws(WireError) -> [String] {
        guard let field = self[key] else { return [] }
        guard let elements = field.arrayValue else { throw unusable(key, "an array of texts") }
        var texts: [String] = []
        for element in elements {
            guard let text = element.stringValue else { throw unusable(key, "an array of texts") }
            texts.append(text)
        }
        return texts
    }

    private func unusable(_ key: String, _ expected: String) -> WireError {
        WireError(.invalidMessage, "The field `\(key)` must be \(expected).")
    }
}
