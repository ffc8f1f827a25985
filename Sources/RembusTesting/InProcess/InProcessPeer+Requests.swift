public import RembusWire

/// Requests of a peer, and requests to it.
extension InProcessPeer {
    /// Sends a message that the broker answers, and takes the answer. Messages that came before stay to be read.
    ///
    /// Throws ``TestingError`` when there is no answer yet, as for a call of a method whose provider has not answered.
    public func request(_ message: Message) throws -> Message.Response {
        send(message)
        guard let id = message.id, let answer = try answer(to: id) else {
            throw TestingError("there is no answer to \(message)\(closing.map { ", the end: \($0)" } ?? "")")
        }
        return answer
    }

    /// Takes the answer with an id; nil when there is none.
    public func answer(to id: MessageID) throws -> Message.Response? {
        try take { message in
            guard case .response(let response) = message, response.id == id else { return nil }
            return response
        }
    }

    /// Logs in with a name and returns the broker's answer.
    public func identify(_ name: String) throws -> Message.Response {
        try request(.identity(.init(id: makeID(), name: name)))
    }

    func takeName(_ name: String) throws {
        try check(try identify(name), "the name \(name)")
    }

    /// Sends an admin command and returns the broker's answer.
    public func administer(_ topic: String, _ command: AdminCommand) throws -> Message.Response {
        try request(.admin(.init(id: makeID(), topic: topic, data: command.data)))
    }

    /// Sends an admin command. Throws ``TestingError`` when it is refused.
    public func command(_ topic: String, _ command: AdminCommand) throws {
        try check(try administer(topic, command), "\(command) for \(topic)")
    }

    /// Subscribes to topics or patterns. Throws ``TestingError`` when that is refused.
    ///
    /// - Parameter messageFrom: How far back publications are wanted, in nanoseconds; with 0 only new ones.
    public func subscribe(_ topics: String..., messageFrom: Double = 0) throws {
        for topic in topics { try command(topic, .subscribe(messageFrom: messageFrom)) }
    }

    /// Ends subscriptions. Throws ``TestingError`` when that is refused.
    public func unsubscribe(_ topics: String...) throws {
        for topic in topics { try command(topic, .unsubscribe) }
    }

    /// Starts deliveries. Without them subscriptions bring nothing.
    ///
    /// - Parameter messageFrom: How far back publications are wanted at most, in nanoseconds; with nil the
    ///   subscriptions decide.
    public func startDeliveries(messageFrom: Double? = nil) throws {
        try command("__config__", .reactive(true, messageFrom: messageFrom))
    }

    /// Stops deliveries.
    public func stopDeliveries() throws {
        try command("__config__", .reactive(false, messageFrom: nil))
    }

    /// Exposes methods. Throws ``TestingError`` when that is refused.
    public func expose(_ topics: String...) throws {
        for topic in topics { try command(topic, .expose) }
    }

    /// Withdraws methods. Throws ``TestingError`` when that is refused.
    public func unexpose(_ topics: String...) throws {
        for topic in topics { try command(topic, .unexpose) }
    }

    // MARK: Calls

    /// Calls a method of the broker itself.
    ///
    /// Throws ``TestingError`` when there is no answer yet. For a method of a peer see
    /// ``sendCall(_:_:target:timeout:)``.
    public func call(_ topic: String, _ arguments: Value..., target: String? = nil) throws -> Message.Response {
        try request(.request(.init(id: makeID(), topic: topic, target: target, arguments: arguments)))
    }

    /// Calls a method. ``answer(to:)`` returns the answer when the provider has given it.
    ///
    /// - Parameter timeout: How long the caller waits, in milliseconds; with nil the broker decides.
    public func sendCall(
        _ topic: String, _ arguments: Value..., target: String? = nil, timeout: UInt64? = nil
    ) -> MessageID {
        let id = makeID()
        send(.request(.init(id: id, topic: topic, target: target, arguments: arguments, timeout: timeout)))
        return id
    }

    /// Takes the next message, which must be a call of a method that this peer exposes.
    public func nextCall() throws -> Message.Request {
        let message = try next()
        guard case .request(let request) = message else { throw TestingError("this is no call: \(message)") }
        return request
    }

    /// Answers a call.
    public func answer(_ call: Message.Request, _ data: Value = .null, status: StatusCode = .ok) {
        send(.response(.init(id: call.id, status: status, data: data)))
    }

    private func check(_ answer: Message.Response, _ what: String) throws {
        guard answer.status == .ok else { throw TestingError("\(what) was refused: \(answer.status), \(answer.data)") }
    }
}
