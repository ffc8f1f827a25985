import Logging
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Publications that the broker does not take, and how their publishers get to know it.
///
/// One of QoS 1 or 2 is answered at once: with a Response under its id, where an Ack would have been. Only when the store has
/// no room there is no answer, because then the publisher is to send it again. One of QoS 0 has no id that could be
/// answered; it is counted and logged, and named in the answer to the command `flush`, with which a publisher asks what has
/// become of what it sent.
extension Session {
    /// What became of the publications that cannot be answered, since the last `flush`.
    struct UnansweredRefusals {
        var count = 0
        /// The reason of the first one.
        var reason = ""
    }

    /// Notes that a publication at QoS 0 was refused, of which its publisher hears when it asks.
    func noteRefusal(_ refusal: PublishRefusal, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) {
        let line = count(refusal, header, bytes)
        if line != nil || unanswered.count == 0 {
            let text = text(of: refusal, header, bytes)
            if let line { log(line, text) }
            if unanswered.count == 0 { unanswered.reason = text }
        }
        unanswered.count += 1
    }

    /// Answers a publication at QoS 1 or 2 that was refused.
    func answer(
        _ refusal: PublishRefusal, _ id: MessageID, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) {
        let line = count(refusal, header, bytes)
        let text = text(of: refusal, header, bytes)
        if let line { log(line, text) }
        respond(id, .error, .text(text))
    }

    /// Counts a refusal where such are counted. Gives a line of the log for a topic that cannot be used, if there is one left.
    private func count(
        _ refusal: PublishRefusal, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer
    ) -> LogBudget.Line? {
        switch refusal {
        case .denied:
            deny(.publish, header.topic(in: bytes))
            return nil
        case .unusableTopic: return countUnusableTopic()
        case .malformed: return nil
        }
    }

    private func text(of refusal: PublishRefusal, _ header: FrameHeader, _ bytes: UnsafeRawBufferPointer) -> String {
        let topic = header.topic(in: bytes)
        return switch refusal {
        case .denied: refusalText(.publish, topic)
        case .unusableTopic(let objection): objection.text(topic, limits)
        case .malformed: BrokerText.undecodable
        }
    }

    /// Notes that a gateway has refused a publication whose topic its own protocol allows.
    func noteUnusable(_ topic: UnsafeRawBufferPointer, _ objection: TopicObjection) {
        guard let line = countUnusableTopic() else { return }
        if let objection = TopicObjection(length: topic.count, maxBytes: maxTopicBytes) {
            return log(line, objection.text("", limits))
        }
        log(line, objection.text(String(decoding: topic, as: UTF8.self), limits))
    }

    private func countUnusableTopic() -> LogBudget.Line? {
        core.counters.droppedTopics.wrappingAdd(1, ordering: .relaxed)
        return lane.refusalLog.take(lane.now)
    }

    private func log(_ line: LogBudget.Line, _ text: String) {
        let others = line.skipped > 0 ? "; \(line.skipped) more refusals were not logged" : ""
        core.logger.notice("refused a publication from \(label): \(text)\(others)", metadata: facts)
    }

    /// The answer to `flush`: null, or how many publications of QoS 0 were refused since the last one, and why the first.
    func takeUnansweredRefusals() -> Value {
        guard unanswered.count > 0 else { return .null }
        defer { unanswered = UnansweredRefusals() }
        return .map([
            .text(AdminCommand.Field.refused): .integer(Int64(unanswered.count)),
            .text(AdminCommand.Field.reason): .text(unanswered.reason),
        ])
    }
}
