package import NIOCore

/// Messages to the server. They leave in the order in which they were published, whatever their QoS.
extension MQTTClientSession {
    /// Publishes when connection, socket and window allow it. The owner limits what waits until then.
    ///
    /// At QoS 1 and 2 the end of the exchange is reported with `token`. A message whose exchange is open is not
    /// published twice.
    package func publish(_ publish: MQTTPublish, token: UInt64? = nil, into output: inout ByteBuffer) {
        if let token {
            guard tokens.insert(token).inserted else { return }
        }
        let entry = Outgoing(publish: publish, token: token)
        if waiting.isEmpty, resends.isEmpty, trySend(entry, into: &output) { return }
        waitingBytes += entry.size
        waiting.append(entry)
    }

    /// Sends waiting messages, as far as possible.
    package func pump(into output: inout ByteBuffer) {
        guard isConnected else { return }
        while !isBlocked, let id = resends.first {
            // Messages that were sent before are sent again first.
            guard inFlight.count - resends.count < window else { return }
            resends.removeFirst()
            if let entry = inFlight[id] { resend(entry, id, into: &output) }
        }
        while let entry = waiting.first, trySend(entry, into: &output) {
            waiting.removeFirst()
            waitingBytes -= entry.size
        }
    }

    /// Drops messages that were not sent yet. Returns their number.
    package func dropWaiting() -> Int {
        let count = waiting.count
        for entry in waiting { report(entry.token, .unspecifiedError) }
        waiting.removeAll()
        waitingBytes = 0
        return count
    }

    private static let maxOutput = 1 << 20

    private var window: Int { facts?.receiveMaximum ?? 0 }

    private func trySend(_ entry: Outgoing, into output: inout ByteBuffer) -> Bool {
        // The bytes that are collected for one write are limited too.
        guard isConnected, !isBlocked, output.readableBytes < Self.maxOutput, let facts else { return false }
        var entry = entry
        entry.publish.qos = min(entry.publish.qos, facts.maximumQoS)
        guard entry.publish.encodedLength(version: version) <= facts.maximumPacketSize else {
            report(entry.token, .packetTooLarge)
            return true
        }
        guard entry.publish.qos > .atMostOnce else {
            entry.publish.encode(version: version, into: &output)
            report(entry.token, .success)
            return true
        }
        guard inFlight.count < window, let id = freeID() else { return false }
        entry.publish.packetID = id
        entry.publish.encode(version: version, into: &output)
        inFlight[id] = entry
        order.append(id)
        return true
    }

    private func resend(_ entry: Outgoing, _ id: UInt16, into output: inout ByteBuffer) {
        if entry.isReleased {
            return MQTTPacket.pubrel(packetID: id, reason: .success, properties: MQTTProperties())
                .encode(version: version, into: &output)
        }
        var publish = entry.publish
        publish.isDuplicate = facts?.sessionPresent == true
        publish.encode(version: version, into: &output)
    }

    // MARK: Acknowledgements

    func received(puback id: UInt16, _ reason: MQTTReason, into output: inout ByteBuffer) {
        guard let entry = inFlight[id], entry.publish.qos == .atLeastOnce else { return }
        complete(id, reason)
        pump(into: &output)
    }

    func received(pubrec id: UInt16, _ reason: MQTTReason, into output: inout ByteBuffer) {
        guard let entry = inFlight[id], entry.publish.qos == .exactlyOnce else {
            // The server waits for a release of a message that is not known here (§4.3.3).
            guard !reason.isError else { return }
            return MQTTPacket.pubrel(packetID: id, reason: .packetIdentifierNotFound, properties: MQTTProperties())
                .encode(version: version, into: &output)
        }
        guard !reason.isError else {
            complete(id, reason)
            return pump(into: &output)
        }
        inFlight[id]?.isReleased = true
        inFlight[id]?.publish.payload = ByteBuffer()
        MQTTPacket.pubrel(packetID: id, reason: .success, properties: MQTTProperties())
            .encode(version: version, into: &output)
    }

    func received(pubcomp id: UInt16, into output: inout ByteBuffer) {
        guard let entry = inFlight[id], entry.isReleased else { return }
        complete(id, .success)
        pump(into: &output)
    }

    func complete(_ id: UInt16, _ reason: MQTTReason) {
        guard let entry = inFlight.removeValue(forKey: id) else { return }
        // Mostly the first one is removed. The others are removed when the list has become long.
        while let first = order.first, inFlight[first] == nil { order.removeFirst() }
        if order.count > 2 * inFlight.count + 64 { order.removeAll { inFlight[$0] == nil } }
        if !resends.isEmpty { resends.removeAll { $0 == id } }
        report(entry.token, reason)
    }

    func report(_ token: UInt64?, _ reason: MQTTReason) {
        guard let token else { return }
        tokens.remove(token)
        outcomes.append(Outcome(token: token, reason: reason))
    }

    // MARK: Commands

    /// Subscribes. Returns false without a connection. The answer is reported with `token`, and has no reasons when the
    /// connection was lost.
    package func subscribe(
        _ subscriptions: [MQTTSubscription], identifier: Int? = nil, token: UInt64, into output: inout ByteBuffer
    ) -> Bool {
        guard isConnected, let id = freeID() else { return false }
        commands[id] = (token, subscriptions.count)
        var properties = MQTTProperties()
        if let identifier { properties.subscriptionIdentifiers = [identifier] }
        MQTTPacket.subscribe(packetID: id, subscriptions, properties: properties)
            .encode(version: version, into: &output)
        return true
    }

    package func unsubscribe(_ filters: [String], token: UInt64, into output: inout ByteBuffer) -> Bool {
        guard isConnected, let id = freeID() else { return false }
        commands[id] = (token, filters.count)
        MQTTPacket.unsubscribe(packetID: id, filters, properties: MQTTProperties())
            .encode(version: version, into: &output)
        return true
    }

    /// nil when the answer is not expected. An UNSUBACK of MQTT 3.1.1 has no reasons and means success.
    func received(answer id: UInt16, _ reasons: [MQTTReason], hasReasons: Bool) throws(MQTTProtocolError) -> Answer? {
        guard let command = commands.removeValue(forKey: id) else { return nil }
        let reasons = hasReasons ? reasons : Array(repeating: .success, count: command.count)
        guard reasons.count == command.count else { throw .violation("an answer with another number of reasons") }
        return Answer(token: command.token, reasons: reasons)
    }
}
