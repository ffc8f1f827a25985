import NIOCore

extension Component {
    /// Sends a publication with encoded arguments. `publish` with values, or anything `Encodable`, is easier to use.
    nonisolated(nonsending) public func publish(
        _ topic: String, list: ArgumentList, qos: QoS, slot: UInt32?
    ) async throws {
        if slot != nil, encoding == .json {
            throw RembusError(.unsupported, "A slot has no form in JSON; use the encoding cbor.")
        }
        try Self.check(topic)
        let flags = PublishFlags(qos: qos, hasSlot: slot != nil)
        guard qos != .atMostOnce else {
            // Receivers ignore the upper half of the id. Python sends zero there (protocol.md §4).
            let frame = OutgoingFrame(publish: topic, flags: flags, id: UInt64(slot ?? 0), arguments: list)
            try check(frame)
            return try await connection.submissions.send(frame)
        }
        let ids = connection.ids
        let id = slot.map { ids.next(slot: $0) } ?? ids.next()
        let frame = OutgoingFrame(publish: topic, flags: flags, id: id, arguments: list)
        try check(frame)
        try await publish(topic, qos: qos, id: id, frame: frame)
    }

    /// Refuses topics that every broker refuses, because at QoS 0 the broker's refusal has no answer.
    private static func check(_ topic: String) throws(RembusError) {
        if topic.isEmpty {
            throw RembusError(.invalidTopic, "Cannot publish without a topic. Name one.")
        }
        if TopicPattern.isPattern(topic) {
            throw RembusError(
                .invalidTopic, "Cannot publish to `\(topic)`: wildcards are for subscribing. Name one topic.")
        }
    }

    private func check(_ frame: OutgoingFrame) throws(RembusError) {
        let limit = connection.settings.maxSentBytes
        guard frame.length > limit else { return }
        throw RembusError(
            .tooLarge,
            "The message has \(frame.length) bytes; at most \(limit) are allowed (`max_ws_frame`). Send less at once.")
    }

    /// The function runs in the caller's isolation. Otherwise the body of the cancellation handler would start on
    /// another thread, and publications that one actor has started one after the other could overtake each other.
    private func publish(
        _ topic: String, qos: QoS, id: UInt64, frame: OutgoingFrame, isolation: isolated (any Actor)? = #isolation
    ) async throws {
        try Task.checkCancellation()
        let submissions = connection.submissions
        try await submissions.room()
        let (timeout, retries) = (connection.settings.acknowledgementTimeout, connection.settings.sendRetries)
        let bytes = frame.bytes
        try await withTaskCancellationHandler(
            operation: {
                try await withCheckedThrowingContinuation(isolation: isolation) { continuation in
                    let publication = OutgoingPublication(
                        id: id, topic: topic, qos: qos, frame: bytes, retriesLeft: retries,
                        deadline: .now() + TimeAmount(bounded: timeout), sequence: 0, continuation: continuation)
                    do {
                        try submissions.publish(publication)
                        // A cancellation before the publication was queued found nothing to cancel.
                        if Task.isCancelled { submissions.perform { $0.cancelPublication(id) } }
                    } catch {
                        continuation.resume(throwing: error)
                    }
                }
            },
            onCancel: { submissions.perform { $0.cancelPublication(id) } }, isolation: isolation)
    }

    /// Sends a request with encoded arguments. `call` with values, or anything `Encodable`, is easier to use.
    nonisolated(nonsending) public func request(
        _ topic: String, list: ArgumentList, target: String?, timeout: Duration?
    ) async throws -> EncodedValue {
        if target != nil, encoding == .json {
            throw RembusError(.unsupported, "A direct call has no form in JSON; use the encoding cbor.")
        }
        let id = connection.ids.next()
        let frame = OutgoingFrame(
            request: topic, target: target, id: id, arguments: list, timeout: toldTimeout(timeout))
        try check(frame)
        let subject = PendingCall.Subject.call(topic)
        return try await ask(subject, id: id, frame: frame, timeout: timeout).successData(subject)
    }

    /// The time-out that is sent to the broker, in milliseconds; nil when it is the one that the broker assumes anyway.
    private func toldTimeout(_ timeout: Duration?) -> UInt64? {
        let timeout = timeout ?? connection.settings.requestTimeout
        guard timeout > .zero, timeout != Settings.standardRequestTimeout else { return nil }
        return UInt64(clamping: max(TimeAmount(bounded: timeout).nanoseconds / 1_000_000, 1))
    }

    /// Sends an admin command about a topic and returns the data of the answer (docs/spec/protocol.md §8).
    ///
    /// Throws like `call`. Commands that change what the component keeps (subscribe, expose, reactive and their
    /// opposites) have methods of their own, whose effect survives reconnects.
    @discardableResult
    public func admin(_ topic: String, _ command: AdminCommand, timeout: Duration? = nil) async throws -> Value {
        let id = connection.ids.next()
        let message = Message.admin(.init(id: MessageID(littleEndian: id), topic: topic, data: command.data))
        let subject = PendingCall.Subject.command(command, topic: topic)
        let frame = OutgoingFrame(message, encoding: encoding)
        return try await ask(subject, id: id, frame: frame, timeout: timeout).successData(subject).value
    }

    /// Sends a request and waits for its answer, successful or not. Runs in the caller's isolation, as `publish` does.
    func ask(
        _ subject: PendingCall.Subject, id: UInt64, frame: OutgoingFrame, timeout: Duration?,
        isolation: isolated (any Actor)? = #isolation
    ) async throws -> Reply {
        try Task.checkCancellation()
        let submissions = connection.submissions
        try await submissions.room()
        let limit = CallTimeout(timeout, setting: connection.settings.requestTimeout)
        return try await withTaskCancellationHandler(
            operation: {
                try await withCheckedThrowingContinuation(isolation: isolation) { continuation in
                    let call = PendingCall(
                        subject: subject, deadline: .now() + TimeAmount(bounded: limit.duration), timeout: limit,
                        completion: .continuation(continuation))
                    do {
                        try submissions.call(id: id, frame: frame, call)
                        // A cancellation before the request was queued found nothing to cancel.
                        if Task.isCancelled { submissions.perform { $0.cancelCall(id) } }
                    } catch {
                        continuation.resume(throwing: error)
                    }
                }
            },
            onCancel: { submissions.perform { $0.cancelCall(id) } }, isolation: isolation)
    }
}
