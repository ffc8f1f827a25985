public import RembusWire

/// Publications, as single messages or as complete exchanges.
extension InProcessPeer {
    /// Publishes and, at QoS 1 and 2, completes the exchange: takes the Ack, and at QoS 2 sends the Ack2.
    ///
    /// Throws ``TestingError`` when the publication is not acknowledged.
    ///
    /// - Parameter slot: The slot that the publication carries in its id; nil for none.
    @discardableResult
    public func publish(
        _ topic: String, _ arguments: Value..., qos: QoS = .atMostOnce, slot: UInt32? = nil, id: MessageID? = nil
    ) throws -> MessageID? {
        let id = sendPublication(topic, arguments, qos: qos, slot: slot, id: id)
        guard qos > .atMostOnce, let id else { return id }
        try takeAck(of: id)
        if qos == .exactlyOnce { send(.ack2(id)) }
        return id
    }

    /// Sends a publication without taking an answer. Returns its id; nil at QoS 0 without a slot.
    @discardableResult
    public func sendPublication(
        _ topic: String, _ arguments: [Value] = [], qos: QoS = .atMostOnce, slot: UInt32? = nil, id: MessageID? = nil
    ) -> MessageID? {
        let flags = PublishFlags(qos: qos, hasSlot: slot != nil)
        let id = flags.requiresID ? id ?? makeID(slot: slot, qos: qos) : nil
        send(.publish(.init(id: id, flags: flags, topic: topic, arguments: arguments)))
        return id
    }

    private func makeID(slot: UInt32?, qos: QoS) -> MessageID {
        guard let slot, let random = makeID().littleEndianValue else { return makeID() }
        // At QoS 0 publications need not be distinguished.
        return MessageID(littleEndian: (qos > .atMostOnce ? random & ~0xFFFF_FFFF : 0) | UInt64(slot))
    }

    /// Takes the acknowledgement of a publication.
    ///
    /// Throws ``TestingError`` when there is none, or when that of another publication comes first: a broker
    /// acknowledges publications in the order in which they were sent.
    public func takeAck(of id: MessageID) throws {
        let first: MessageID? = try take { message in
            guard case .ack(let id) = message else { return nil }
            return id
        }
        guard let first else { throw TestingError("\(id) is not acknowledged") }
        guard first == id else { throw TestingError("\(first) is acknowledged before \(id)") }
    }

    /// Takes the next message, which must be a publication, and completes its exchange: acknowledges it at QoS 1 and 2,
    /// and takes the Ack2 at QoS 2.
    public func nextPublication() throws -> Message.Publish {
        let message = try next()
        guard case .publish(let publication) = message else { throw TestingError("this is no publication: \(message)") }
        guard publication.flags.qos > .atMostOnce, let id = publication.id else { return publication }
        send(.ack(id))
        guard publication.flags.qos == .exactlyOnce else { return publication }
        guard try take({ $0 == .ack2(id) ? true : nil }) != nil else {
            throw TestingError("the acknowledgement of \(id) is not confirmed")
        }
        return publication
    }
}
