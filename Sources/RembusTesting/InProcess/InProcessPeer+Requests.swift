public import RembusWire

/// What a peer asks for, and what it is asked.
extension InProcessPeer {
    /// Sends a message that the broker answers, and takes the answer; what came before it stays to be read.
    ///
    /// Throws ``TestingError`` when there is no answer yet, as for a call of a method that nobody has answered.
    public func request(_ message: Message) throws -> Message.Response {
        send(message)
        guard let id = message.id, let answer = try answer(to: id) else {
            throw TestingError("there is no answer to \(message)\(closing.map { ", the end: \($0)" } ?? "")")
        }
        return answer
    }

    /// Takes the answer with an id; nil when it has not come.
    public func answer(to id: MessageID) throws -> Message.Response? {
        try take { message in
            guard case .response(let response) = message, response.id == id else { return nil }
            return response
        }
    }

    /// Says a name and gives the broker's answer.
    public func identify(_ name: String) throws -> Message.Response {
        try request(.identity(.init(id: makeID(), name: name)))
    }

    func takeName(_ name: String) throws {
        try check(try identify(name), "the name \(name)")
    }

    /// Sends an admin command and gives the broker's answer.
    public func administer(_ topic: String, _ command: AdminCommand) throws -> Message.Response {
        try request(.admin(.init(id: makeID(), topic: topic, data: command.data)))
    }

    /// Sends an admin command. Throws ``TestingError`` when it is refused.
    public func command(_ topic: String, _ command: AdminCommand) throws {
        try check(try administer(topic, command), "\(command) for \(topic)")
    }

    /// Subscribes to topics or patterns. Throws ``TestingError`` when that is refused.
    ///
    /// - Parameter messageFrom: How far back it looks, in nanoseconds; 0 for only what comes.
    public func subscribe(_ topics: String..., messageFrom: Double = 0) throws {
        for topic in topics { try command(topic, .subscribe(messageFrom: messageFrom)) }
    }

    /// Ends subscriptions. Throws ``TestingError`` when that is refused.
    public func unsubscribe(_ topics: String...) throws {
        for topic in topics { try command(topic, .unsubscribe) }
    }

    /// Asks for deliveries: without, subscriptions bring nothing.
    ///
    /// - Parameter messageFrom: How far back they look at most, in nanoseconds; nil to leave that to the subscriptions.
    public func startDeliveries(messageFrom: Double? = nil) throws {
        try command("__config__", .reactive(true, messageFrom: messageFrom))
    }

    /// Asks for no more deliveries.
    public func stopDeliveries() throws {
        try command("__config__", .reactive(false, messageFrom: nil))
    }

    /// Offers methods. Throws ``TestingError`` when that is refused.
    public func expose(_ topics: String...) throws {
        for topic in topics { try command(topic, .expose) }
    }

    /// Withdraws methods. Throws ``TestingError`` when that is refused.
    public func unexpose(_ topics: String...) throws {
        for topic in topics { try command(topic, .unexpose) }
    }

    // MARK: Calls

    /// Calls a method that the broker answers by itself.
    ///
    /// Throws ``TestingError`` when there is no answer yet; for a method of a peer see ``sendCall(_:_:target:timeout:)``.
    public func call(_ topic: String, _ arguments: Value..., target: String? = nil) throws -> Message.Response {
        try request(.request(.init(id: makeID(), topic: topic, target: target, arguments: arguments)))
    }

    /// Calls a method; ``answer(to:)`` has the answer when its provider has given it.
    ///
    /// - Parameter timeout: How long it waits, milliseconds; nil to leave that to the broker.
    public func sendCall(
        _ topic: String, _ arguments: Value..., target: String? = nil, timeout: UInt64? = nil
    ) -> MessageID {
        let id = makeID()
        send(.request(.init(id: id, topic: topic, target: target, arguments: arguments, timeout: timeout)))
        return id
    }

    /// Takes the next message, which must be a call of a method that it exposes.
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
