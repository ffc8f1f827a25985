import Logging
import NIOCore
import RembusTransport

/// The receiver of behaviour.md §7, and the execution of requests.
extension ClientSession {
    /// The topic as text with its subscription; the last one is remembered.
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
        // Julia delivers to the pattern `*` under the topic's own name (protocol.md §13 D37).
        guard let subscription = subscription ?? subscriptions["*"] else {
            logger.debug("a message for a topic without subscription", metadata: ["topic": "\(topic)"])
            // No handler has this topic. The message is acknowledged all the same, or the broker would repeat it.
            if qos != .atMostOnce, let id { send(.ack(id), on: link) }
            return
        }
        guard qos != .atMostOnce, let id else {
            deliver(topic, subscription, qos: .atMostOnce, flags, id, list)
            return
        }
        // A copy of a message that waits for room already; the acknowledgement follows when there is.
        let key = OwedMessage(id: id, queue: ObjectIdentifier(subscription.queue))
        if owed.contains(key) { return }
        if qos == .exactlyOnce, duplicates.contains(id, now: .now()) {
            return send(.ack(id), on: link)
        }
        switch deliver(topic, subscription, qos: qos, flags, id, list) {
        case .accepted, .full:
            if qos == .exactlyOnce { duplicates.insert(id, now: .now()) }
            send(.ack(id), on: link)
        // Without an acknowledgement the broker sends no more than its window: the reader's pace, passed on.
        case .owed: owed.insert(key)
        // It tries again.
        case .refused: break
        }
    }

    @discardableResult
    private func deliver(
        _ topic: String, _ subscription: Subscription, qos: QoS, _ flags: PublishFlags, _ id: MessageID?,
        _ list: ArgumentList
    ) -> SubscriptionQueue.Outcome {
        var (topic, list) = (topic, list)
        // Wire form of a wildcard delivery: the pattern as topic, the real topic as first argument.
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

    /// The reader has made room for a message that was not acknowledged yet. Without a connection the broker sends it
    /// again on the next one.
    private func acknowledge(_ message: OwedMessage, _ qos: QoS) {
        owed.remove(message)
        if qos == .exactlyOnce { duplicates.insert(message.id, now: .now()) }
        if let link = readyLink { send(.ack(message.id), on: link) }
    }

    // MARK: Requests of peers

    /// `timeout` in milliseconds is how long the caller waits; behind that nobody hears the result.
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
            // An answer that cannot be sent is dropped: without the connection its caller waits no more.
            try? await submissions.send(frame)
            submissions.perform { $0.requestsInExecution -= 1 }
        }
        guard let time else { return }
        let end = eventLoop.scheduleTask(in: TimeAmount(bounded: time)) { task.cancel() }
        // A call that has ended keeps nothing until then.
        Task {
            await task.value
            end.cancel()
        }
    }

    /// 30 days in milliseconds. A longer time-out is cut to it.
    private static let longestTimeout: UInt64 = 30 * 86_400_000
}

/// A message in a queue that has no room for it. Brokers may give the deliveries of one publication to several
/// subscriptions the same id.
struct OwedMessage: Hashable {
    let id: MessageID
    let queue: ObjectIdentifier
}
