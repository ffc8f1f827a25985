import NIOCore
import RembusStore
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Requests from this connection and to it (behaviour.md §8).
extension Session {
    // MARK: As requester

    /// Handles a call that a gateway hands over as a frame in the usual form. Returns false when the frame is
    /// malformed, or the session accepts nothing.
    func call(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard link.isOpen, gate == .open, case .regular(let header) = FrameHeader.parse(bytes), header.kind == .request
        else { return false }
        traffic.received(.request, bytes: bytes.count)
        receiveRequest(header, bytes)
        return true
    }

    func receiveRequest(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard let id = messageID(header, bytes) else { return }
        guard !core.readiness.hasStopped else { return answer(id, .methodUnavailable, BrokerText.stopping) }
        guard header.hops < MeshTable.maxPathLength else {
            return answer(id, .error, BrokerText.tooManyHops(header.hops))
        }
        if let target = header.target(in: bytes), target != core.name {
            return receiveDirect(target, id, header, bytes)
        }
        let topic = header.topicBytes(in: bytes)
        guard topic.count <= limits.maxTopicBytes else {
            return answer(id, .error, BrokerText.longMethod(topic.count, limits.maxTopicBytes))
        }
        guard calls.openCount < limits.maxCalls else {
            return answer(id, .error, BrokerText.tooManyCalls(limits.maxCalls))
        }
        let route = lane.route(topic)
        guard mayUse(route, .call) else {
            deny(.call, route.topic)
            return answer(id, .error, refusalText(.call, route.topic))
        }
        if let handler = route.handler { return run(handler, route, id, header, bytes) }
        if isServer { return answer(id, .methodNotFound, BrokerText.notFound(route.topic)) }
        switch ProviderChoice.choose(from: route, for: self, policy: lane.settings.policy) {
        case .provider(let provider): forward(header, bytes, id, to: provider, topic: route.topic)
        case .loopback: answer(id, .methodLoopback, BrokerText.loopback(route.topic))
        case .unavailable: answer(id, .methodUnavailable, BrokerText.offline(route.topic))
        case .unknown: receiveUnknown(route.topic, id, header, bytes)
        }
    }

    /// JSON clients in Julia write a direct request as `target/topic`. This form is tried only when nobody provides the
    /// full topic (protocol.md §10).
    private func receiveUnknown(
        _ topic: String, _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) {
        if form.encoding == .text, form.dialect.typeKey != .type, let slash = topic.lastIndex(of: "/"),
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
        answer(id, .methodNotFound, BrokerText.notFound(topic))
    }

    private func receiveDirect(
        _ target: String, _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) {
        if isServer { return answer(id, .error, BrokerText.serverMode) }
        switch tables.target(target) {
        case .connected(let session, let tenant) where tenant == state.tenant:
            let topic = header.topic(in: bytes)
            guard may(.call, topic) else {
                deny(.call, topic)
                return answer(id, .error, refusalText(.call, topic))
            }
            guard calls.openCount < limits.maxCalls else {
                return answer(id, .error, BrokerText.tooManyCalls(limits.maxCalls))
            }
            forward(header, bytes, id, to: session, topic: topic)
        case .offline(let tenant) where tenant == state.tenant:
            answer(id, .targetDown, BrokerText.offlineTarget(target))
        default: answer(id, .targetNotFound, BrokerText.unknownTarget(target))
        }
    }

    private func answer(_ id: MessageID, _ status: StatusCode, _ text: String) { answer(id, status, .text(text)) }

    /// Answers a call of this connection, and counts its outcome.
    func answer(_ id: MessageID, _ status: StatusCode, _ data: Value) {
        lane.metrics.told(status)
        respond(id, status, data)
    }

    private func run(
        _ handler: LocalHandler, _ route: Route, _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) {
        // Tables of other tenants are not visible.
        guard handler.isOffered(to: principal.tenant) else {
            return answer(id, .methodNotFound, BrokerText.notFound(route.topic))
        }
        if case .service(let service) = handler {
            if service.needsAdministrator, !tables.rules.isAdministrator(principal) {
                deny(.call, route.topic)
                return answer(id, .error, .text(BrokerText.needsAdministrator(route.topic)))
            }
            if let topics = service.topics, !tables.rules.allowsTable(principal, service.action, topicsMatching: topics)
            {
                deny(.call, route.topic)
                return answer(id, .error, refusalText(.call, route.topic))
            }
        }
        guard case .request(let request)? = try? Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
        else { return answer(id, .methodException, BrokerText.undecodable) }
        switch handler {
        case .immediate(let body):
            answer(id, .ok, body(request.arguments))
        case .task(let body): run(body, request.arguments, id, header.timeout, isTable: false)
        case .service(let service):
            run(service.body(for: principal.tenant), request.arguments, id, header.timeout, isTable: true)
        }
    }

    private func run(
        _ body: @escaping @Sendable ([Value]) async throws -> Value, _ arguments: [Value], _ id: MessageID,
        _ asked: UInt64?, isTable: Bool
    ) {
        calls.open()
        let limit = asked.map { Duration.nanoseconds(core.limit(asked: $0).timeout.nanoseconds) }
        // The call waits while there is no room for its answer, so that unread answers do not pile up.
        whenAnswersHaveRoom(id, core.limit(asked: asked)) { [self] in
            let number = calls.tables.makeNumber()
            let task = core.background.run { [self] in
                let outcome: (StatusCode, Value)
                do {
                    outcome = (.ok, try await CallTime.$limit.withValue(limit) { try await body(arguments) })
                } catch {
                    outcome = (.methodException, .text("\(error)"))
                }
                lane.eventLoop.execute {
                    self.calls.close()
                    self.calls.tables.ended(number)
                    self.answerService(id, outcome.0, outcome.1)
                    self.lane.endBurst()
                }
            }
            if isTable { calls.tables.began(number, id, task) }
        }
    }

    private func forward(
        _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer, _ id: MessageID, to provider: Session, topic: String
    ) {
        let call = RoutedCall(
            caller: self, callerID: id, topic: topic, forwardedAt: lane.now, limit: core.limit(asked: header.timeout))
        calls.open()
        provider.callLoad.wrappingAdd(1, ordering: .relaxed)
        if provider.lane === lane {
            provider.forward(bytes, header, call)
        } else {
            lane.batch(for: provider.lane.index).addRequest(bytes, provider: provider, call: call)
        }
    }

    /// Sends the answer to a request of this connection: the provider's frame with the caller's own id.
    func sendResponse(_ bytes: UnsafeRawBufferPointer, _ header: FrameHeader, id: MessageID) {
        calls.close()
        // A caller that does not read its answers gets no more of them than fit.
        guard hasRoom(forAnswer: bytes.count) else { return dropAnswer(id) }
        let status = StatusCode(rawValue: header.status)
        lane.metrics.told(status)
        guard gateway.answerSink == nil else {
            let data = UnsafeRawBufferPointer(rebasing: bytes[header.payloadOffset..<header.end])
            return hand(id, status, .encoded(ByteBuffer(bytes: data)))
        }
        guard form.encoding == .binary else {
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

    /// Answers a request of this connection with an error.
    func sendFailure(_ id: MessageID, _ status: StatusCode, _ text: String) {
        calls.close()
        answer(id, status, .text(text))
    }

    // MARK: As provider

    /// Sends a request to this component, with an id of the call table.
    func forward(_ bytes: UnsafeRawBufferPointer, _ header: FrameHeader, _ call: RoutedCall) {
        guard link.isOpen, let id = calls.forward(call) else {
            return fail(
                call,
                link.isOpen
                    ? BrokerText.busyProvider(call.topic, limits.maxPendingCalls) : BrokerText.disconnected(call.topic))
        }
        lane.watch(self)
        guard form.encoding == .binary else { return sendTranslatedRequest(bytes, id: id, call.limit) }
        let topicLength = FrameWriter.headLength(header.topicLength) + header.topicLength
        let hops = brokerLink?.isOurs == true ? header.hops + 1 : nil
        let options =
            call.limit.told == nil && hops == nil ? nil : RequestOptions(timeout: call.limit.told, hops: hops)
        let length = 2 + 9 + topicLength + 1 + header.payloadLength + (options?.encodedLength ?? 0)
        traffic.sent(.request, bytes: length)
        link.sendBinary(length: length) { target in
            guard let base = bytes.baseAddress else { return }
            var writer = FrameWriter(target)
            writer.byte(options == nil ? 0x85 : 0x86)
            writer.byte(FrameHeader.Kind.request.rawValue)
            writer.id(id)
            writer.head(major: 3, header.topicLength)
            writer.copy(base + header.topicOffset, header.topicLength)
            // The target is this component itself, so the request has none.
            writer.byte(0xF6)
            writer.copy(base + header.payloadOffset, header.payloadLength)
            options?.write(&writer)
        }
    }

    private func sendTranslatedRequest(_ bytes: UnsafeRawBufferPointer, id: UInt64, _ limit: CallLimit) {
        guard case .request(var request)? = try? Message(cbor: ByteBuffer(bytes: bytes), limits: core.decodingLimits)
        else { return }
        request.id = MessageID(littleEndian: id)
        request.target = nil
        request.timeout = limit.told
        sendMessage(.request(request))
    }

    func receiveResponse(_ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        guard let id = header.id(in: bytes)?.littleEndianValue, let call = calls.answered(id) else { return }
        callLoad.wrappingSubtract(1, ordering: .relaxed)
        lane.metrics.answered(
            call.topic, nanoseconds: (lane.now - call.forwardedAt).nanoseconds,
            isOK: header.status == StatusCode.ok.rawValue)
        if call.caller.lane === lane {
            call.caller.sendResponse(bytes, header, id: call.callerID)
        } else {
            lane.batch(for: call.caller.lane.index).addResponse(bytes, caller: call.caller, id: call.callerID)
        }
    }

    /// Tells the caller that its request has failed.
    private func fail(_ call: RoutedCall, _ text: String) {
        callLoad.wrappingSubtract(1, ordering: .relaxed)
        if call.caller.lane === lane {
            call.caller.sendFailure(call.callerID, .methodUnavailable, text)
        } else {
            lane.batch(for: call.caller.lane.index).addFailure(
                caller: call.caller, id: call.callerID, status: .methodUnavailable, text: text)
        }
    }

    /// Answers the open requests to this component when it is gone, so that callers need not wait for their time-out
    /// (known-defects.md R4).
    func failCalls(_ text: (_ method: String) -> String = BrokerText.disconnected) {
        for call in calls.takeForwarded() { fail(call, text(call.topic)) }
    }

    func expireCalls() {
        for call in calls.takeExpired(now: lane.now) { fail(call, BrokerText.late(call.topic, call.limit)) }
    }
}
