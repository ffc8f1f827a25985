import NIOCore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Requests from and to this connection (behaviour.md §8).
extension Session {
    // MARK: As requester

    func receiveRequest(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard let id = messageID(header, bytes) else { return }
        if let target = header.target(in: bytes), target != core.configuration.name {
            return receiveDirect(target, id, header, bytes)
        }
        let topic = header.topicBytes(in: bytes)
        guard topic.count <= limits.maxTopicBytes else {
            return answer(id, .error, .text("the topic is too long"))
        }
        guard openCalls < limits.maxCalls else {
            return answer(id, .error, .text("more than \(limits.maxCalls) calls wait for an answer"))
        }
        let route = lane.route(topic)
        guard mayUse(route, .call) else {
            deny(.call, route.topic)
            return answer(id, .error, .text(Self.unauthorized))
        }
        if let handler = route.handler { return run(handler, route, id, header, bytes) }
        if core.configuration.isServer { return answer(id, .methodNotFound, .text(route.topic)) }
        switch ProviderChoice.choose(from: route, for: self, policy: core.configuration.policy) {
        case .provider(let provider): forward(header, bytes, id, to: provider, topic: route.topic)
        case .loopback: answer(id, .methodLoopback, .text(route.topic))
        case .unavailable: answer(id, .methodUnavailable, .text(route.topic))
        case .unknown: receiveUnknown(route.topic, id, header, bytes)
        }
    }

    /// Julia's JSON clients write a direct request as `target/topic`; looked at only when nobody provides the full name
    /// (protocol.md §10).
    private func receiveUnknown(
        _ topic: String, _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) {
        if encoding == .text, dialect.typeKey != .type, let slash = topic.lastIndex(of: "/"),
            case .connected = tables.target(String(topic[..<slash])),
            case .request(var request)? = try? Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
        {
            request.topic = String(topic[topic.index(after: slash)...])
            request.target = String(topic[..<slash])
            var buffer = ByteBuffer()
            Message.request(request).encodeCBOR(into: &buffer)
            buffer.withUnsafeReadableBytes {
                if case .regular(let header) = FrameHeader.parse($0) { receiveRequest(header, $0) }
            }
            return
        }
        answer(id, .methodNotFound, .text(topic))
    }

    private func receiveDirect(
        _ target: String, _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) {
        if core.configuration.isServer {
            return answer(id, .error, .text("direct not permitted in server mode"))
        }
        switch tables.target(target) {
        case .connected(let session, let tenant) where tenant == state.tenant:
            let topic = header.topic(in: bytes)
            guard may(.call, topic) else {
                deny(.call, topic)
                return answer(id, .error, .text(Self.unauthorized))
            }
            guard openCalls < limits.maxCalls else {
                return answer(id, .error, .text("more than \(limits.maxCalls) calls wait for an answer"))
            }
            forward(header, bytes, id, to: session, topic: topic)
        case .offline(let tenant) where tenant == state.tenant: answer(id, .targetDown, .text(target))
        default: answer(id, .targetNotFound, .text(target))
        }
    }

    /// Answers a call of this connection, and counts how it ended.
    private func answer(_ id: MessageID, _ status: StatusCode, _ data: Value) {
        lane.metrics.told(status)
        respond(id, status, data)
    }

    static let unauthorized = "unauthorized"
    /// How many times the backlog of deliveries may lie in answers.
    private static let maxAnswerBacklogs = 8

    private func run(
        _ handler: LocalHandler, _ route: Route, _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) {
        // A table of another tenant does not exist.
        guard handler.isOffered(to: principal.tenant) else {
            return answer(id, .methodNotFound, .text(route.topic))
        }
        if case .service(let service) = handler {
            if let topics = service.topics, !tables.rules.allowsTable(principal, service.action, topicsMatching: topics)
            {
                deny(.call, route.topic)
                return answer(id, .error, .text(Self.unauthorized))
            }
        }
        guard case .request(let request)? = try? Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
        else { return answer(id, .methodException, .text("the arguments cannot be decoded")) }
        switch handler {
        case .immediate(let body):
            answer(id, .ok, body(request.arguments))
        case .task(let body): run(body, request.arguments, id)
        case .service(let service): run(service.body, request.arguments, id)
        }
    }

    private func run(
        _ body: @escaping @Sendable ([Value]) async throws -> Value, _ arguments: [Value], _ id: MessageID
    ) {
        openCalls += 1
        Task {
            let outcome: (StatusCode, Value)
            do {
                outcome = (.ok, try await body(arguments))
            } catch {
                outcome = (.methodException, .text("\(error)"))
            }
            lane.eventLoop.execute {
                self.openCalls -= 1
                self.answer(id, outcome.0, outcome.1)
                self.lane.endBurst()
            }
        }
    }

    private func forward(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, _ id: MessageID, to provider: Session, topic: String
    ) {
        let call = PendingCall(caller: self, callerID: id, topic: topic, deadline: lane.now + core.requestTimeout)
        openCalls += 1
        provider.callLoad.wrappingAdd(1, ordering: .relaxed)
        if provider.lane === lane {
            provider.forward(bytes, header, call)
        } else {
            lane.batch(for: provider.lane.index).addRequest(bytes, provider: provider, call: call)
        }
    }

    /// Sends the answer to a request of this connection: the provider's frame under the caller's own id.
    func sendResponse(_ bytes: UnsafeRawBufferPointer, _ header: FrameHeader, id: MessageID) {
        openCalls -= 1
        // A caller that does not read its answers does not get more of them than fit.
        guard link.backlog < Self.maxAnswerBacklogs * maxBacklogBytes else {
            core.counters.droppedAnswers.wrappingAdd(1, ordering: .relaxed)
            droppedCount += 1
            return answer(id, .methodUnavailable, .text("the answer was dropped: the connection does not take more"))
        }
        lane.metrics.told(StatusCode(rawValue: header.status))
        guard encoding == .binary else {
            guard
                case .response(var response)? = try? Message(
                    cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
            else { return }
            response.id = id
            return sendMessage(.response(response))
        }
        let start = header.idOffset + header.idLength
        let count = header.end - start
        let length = 2 + FrameWriter.idLength(id) + count
        traffic.sent(.response, bytes: length)
        link.sendBinary(length: length) { target in
            var writer = FrameWriter(target)
            writer.byte(0x84)
            writer.byte(FrameHeader.Kind.response.rawValue)
            writer.id(id)
            if let base = bytes.baseAddress { writer.copy(base + start, count) }
        }
    }

    /// Answers a request of this connection that came to nothing.
    func sendFailure(_ id: MessageID, _ status: StatusCode, _ text: String) {
        openCalls -= 1
        answer(id, status, .text(text))
    }

    // MARK: As provider

    /// Sends a request to this component, under an id of the table's own.
    func forward(_ bytes: UnsafeRawBufferPointer, _ header: FrameHeader, _ call: PendingCall) {
        guard link.isOpen, let id = calls.insert(call) else {
            let reason = link.isOpen ? "exposer has too many pending requests" : "exposer disconnected"
            return fail(call, reason)
        }
        lane.watch(self)
        guard encoding == .binary else { return sendTranslatedRequest(bytes, id: id) }
        let topicLength = FrameWriter.headLength(header.topicLength) + header.topicLength
        let length = 2 + 9 + topicLength + 1 + header.payloadLength
        traffic.sent(.request, bytes: length)
        link.sendBinary(length: length) { target in
            guard let base = bytes.baseAddress else { return }
            var writer = FrameWriter(target)
            writer.byte(0x85)
            writer.byte(FrameHeader.Kind.request.rawValue)
            writer.id(id)
            writer.head(major: 3, header.topicLength)
            writer.copy(base + header.topicOffset, header.topicLength)
            // The target is this component: it gets the request without one.
            writer.byte(0xF6)
            writer.copy(base + header.payloadOffset, header.payloadLength)
        }
    }

    private func sendTranslatedRequest(_ bytes: UnsafeRawBufferPointer, id: UInt64) {
        guard case .request(var request)? = try? Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
        else { return }
        request.id = MessageID(littleEndian: id)
        request.target = nil
        sendMessage(.request(request))
    }

    func receiveResponse(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard let id = header.id(in: bytes)?.littleEndianValue, let call = calls.take(id) else { return }
        callLoad.wrappingSubtract(1, ordering: .relaxed)
        let forwardedAt = call.deadline - core.requestTimeout
        lane.metrics.answered(
            call.topic, nanoseconds: (lane.now - forwardedAt).nanoseconds, isOK: header.status == StatusCode.ok.rawValue
        )
        if call.caller.lane === lane {
            call.caller.sendResponse(bytes, header, id: call.callerID)
        } else {
            lane.batch(for: call.caller.lane.index).addResponse(bytes, caller: call.caller, id: call.callerID)
        }
    }

    /// Tells the caller that its request came to nothing.
    private func fail(_ call: PendingCall, _ reason: String) {
        callLoad.wrappingSubtract(1, ordering: .relaxed)
        let text = "\(call.topic): \(reason)"
        if call.caller.lane === lane {
            call.caller.sendFailure(call.callerID, .methodUnavailable, text)
        } else {
            lane.batch(for: call.caller.lane.index).addFailure(
                caller: call.caller, id: call.callerID, status: .methodUnavailable, text: text)
        }
    }

    /// This component is gone: its callers hear it now, not at their time-out (known-defects.md R4).
    func failCalls() {
        guard calls.count > 0 else { return }
        for call in calls.removeAll() { fail(call, "exposer disconnected") }
    }

    func expireCalls() {
        guard calls.count > 0 else { return }
        let now = lane.now
        var expired: [UInt64] = []
        calls.forEach { id, call in if call.deadline <= now { expired.append(id) } }
        for id in expired {
            if let call = calls.take(id) { fail(call, "timeout") }
        }
    }
}
