import Logging
import NIOCore
import RembusTransport

/// The receiving side of behaviour.md §7, and the execution of requests.
extension ClientSession {
    /// The topic as text, with its subscription. The last one is cached.
    func receiver(of topicBytes: UnsafeRawBufferPointer) -> (String, Subscription?) {
        if let recent = recentTopic, recent.bytes.elementsEqual(topicBytes) {
            return (recent.topic, recent.subscription)
        }
        let topic = String(decoding: topicBytes, as: UTF8.self)
        let subscription = subscriptions[topic]
        recentTopic = (Array(topicBytes), topic, subscription)
        return (topic, subscription)
    }

    func receive(
        topic: String, _ subscription: Subscription?, flags: PublishFlags, id: MessageID?, list: ArgumentList,
        _ link: Link
    ) {
        let qos = flags.qos
        // Julia sends a delivery for the pattern `*` with the topic's own name (protocol.md §13 D37).
        guard let subscription = subscription ?? subscriptions["*"] else {
            logger.debug("a message for a topic without subscription", metadata: ["topic": "\(topic)"])
            // There is no subscription for this topic. The message is acknowledged anyway, because otherwise the broker
            // would send it again.
            if qos != .atMostOnce, let id { send(.ack(id), on: link) }
            return
        }
        guard qos != .atMostOnce, let id else {
            deliver(topic, subscription, qos: .atMostOnce, flags, id, list)
            return
        }
        // This is a copy of a message that is in the queue and waits to be acknowledged.
        let key = OwedMessage(id: id, queue: ObjectIdentifier(subscription.queue))
        if owed.contains(key) { return }
        if qos == .exactlyOnce, duplicates.contains(id, now: .now()) {
            return send(.ack(id), on: link)
        }
        switch deliver(topic, subscription, qos: qos, flags, id, list) {
        case .accepted, .full:
            if qos == .exactlyOnce { duplicates.insert(id, now: .now()) }
            send(.ack(id), on: link)
        // Without acknowledgements the broker sends no more than its window, so it slows down to the pace of the
        // reader.
        case .owed: owed.insert(key)
        // The broker sends the message again.
        case .refused: break
        }
    }

    @discardableResult
    private func deliver(
        _ topic: String, _ subscription: Subscription, qos: QoS, _ flags: PublishFlags, _ id: MessageID?,
        _ list: ArgumentList
    ) -> SubscriptionQueue.Outcome {
        var (topic, list) = (topic, list)
        // A wildcard delivery has the pattern as its topic, and the real topic as the first argument.
        if subscription.isPattern, topic == subscription.topic, let unwrapped = list.droppingTopic() {
            (topic, list) = unwrapped
        }
        let slot = flags.hasSlot ? id?.littleEndianValue.map { UInt32(truncatingIfNeeded: $0) } : nil
        let message = Publication(topic: topic, qos: qos, slot: slot, list: list)
        let outcome =
            if qos != .atMostOnce, let id {
                subscription.queue.push(message) {
                    let key = OwedMessage(id: id, queue: ObjectIdentifier(subscription.queue))
                    return { [submissions] in submissions.perform { $0.acknowledge(key, qos) } }
                }
            } else {
                subscription.queue.push(message)
            }
        switch outcome {
        case .refused: break
        case .full(let wakesReader), .accepted(let wakesReader), .owed(let wakesReader):
            if case .full = outcome { pauseReading(for: subscription.queue) }
            if wakesReader, readersToWake.last !== subscription { readersToWake.append(subscription) }
        }
        return outcome
    }

    /// Acknowledges a message for which the reader has made room. Without a connection the broker sends the message
    /// again on the next one.
    private func acknowledge(_ message: OwedMessage, _ qos: QoS) {
        owed.remove(message)
        if qos == .exactlyOnce { duplicates.insert(message.id, now: .now()) }
        if let link = readyLink { send(.ack(message.id), on: link) }
    }

    // MARK: Requests of peers

    /// Executes a request. `timeout` is how long the caller waits, in milliseconds; the task is cancelled after it.
    func execute(_ topic: String, _ id: MessageID, _ arguments: ArgumentList, timeout: UInt64?, _ link: Link) {
        guard let handler = services[topic] else {
            let text = "No component offers method `\(topic)` (42). Check the name, or start its provider."
            return send(.response(.init(id: id, status: .methodNotFound, data: .text(text))), on: link)
        }
        guard requestsInExecution < maxConcurrentRequests else {
            let text =
                "The provider of `\(topic)` executes \(maxConcurrentRequests) calls already (43). Retry later, or start another provider."
            return send(.response(.init(id: id, status: .methodUnavailable, data: .text(text))), on: link)
        }
        requestsInExecution += 1
        let (submissions, encoding) = (submissions, encoding)
        let time = timeout.map { Duration.milliseconds(Int64(clamping: min($0, Self.longestTimeout))) }
        let task = Task {
            let frame: OutgoingFrame
            do {
                let deadline = time.map { ContinuousClock.now + $0 }
                let result = try await IncomingCall.$deadline.withValue(deadline) { try await handler.run(arguments) }
                frame = OutgoingFrame(response: id, status: .ok, data: result)
            } catch {
                let text = EncodedValue(.text(describe(error)), encoding: encoding)
                frame = OutgoingFrame(response: id, status: .methodException, data: text)
            }
            // An answer that cannot be sent is dropped: the connection is gone, and so is the caller.
            try? await submissions.send(frame)
            submissions.perform { $0.requestsInExecution -= 1 }
        }
        guard let time else { return }
        let end = eventLoop.scheduleTask(in: TimeAmount(bounded: time)) { task.cancel() }
        // A task of its own, so that a call that has ended keeps nothing in memory until the deadline.
        Task {
            await task.value
            end.cancel()
        }
    }

    /// 30 days in milliseconds. Longer time-outs are reduced to this one.
    private static let longestTimeout: UInt64 = 30 * 86_400_000
}

/// Identifies a message that is in a queue beyond its limit. The queue is part of the identity, because brokers may use
/// one id for the deliveries of a publication to several subscriptions.
struct OwedMessage: Hashable {
    let id: MessageID
    let queue: ObjectIdentifier
}

/// Back-pressure: while the queue of a subscription is full, nothing is read from the connection.
extension ClientSession {
    /// Stops reading until the queue has room.
    func pauseReading(for queue: SubscriptionQueue) {
        let key = ObjectIdentifier(queue)
        guard let link = readyLink, fullQueues.insert(key).inserted else { return }
        link.pauseReading()
        queue.whenRoom(for: ObjectIdentifier(self)) { [submissions] in
            submissions.perform { $0.resumeReading(after: key) }
        }
    }

    /// Called when a queue has room or has ended. Reading continues if no other queue is full.
    func resumeReading(after queue: ObjectIdentifier) {
        guard fullQueues.remove(queue) != nil, fullQueues.isEmpty else { return }
        readyLink?.resumeReading()
    }
}
