import Logging
import RembusTransport
import RembusTrust
import RembusWire
import Synchronization

/// Publications that the broker refuses, and how their publishers learn of it.
///
/// At QoS 1 and 2 the refusal is answered at once: a Response with the publication's id takes the place of the Ack.
/// Only when the store has no room there is no answer, because the publisher is to send the publication again. A
/// publication at QoS 0 has no id that could be answered. Its refusal is counted, logged, and part of the answer to the
/// command `flush`, with which publishers ask for the outcome of what they have sent.
extension Session {
    /// Refusals since the last `flush` that had no answer.
    struct UnansweredRefusals {
        var count = 0
        /// The reason of the first one.
        var reason = ""
    }

    /// Records the refusal of a publication at QoS 0, for the answer to `flush`.
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

    /// Counts a refusal. Returns a log line for an unusable topic, if the budget has one left.
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

    /// Records the refusal of a publication by its gateway, whose protocol allows topics that cannot be published to.
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

    /// The answer to `flush`: null, or the number of publications at QoS 0 that were refused since the last one, with
    /// the reason of the first.
    func takeUnansweredRefusals() -> Value {
        guard unanswered.count > 0 else { return .null }
        defer { unanswered = UnansweredRefusals() }
        return .map([
            .text(AdminCommand.Field.refused): .integer(Int64(unanswered.count)),
            .text(AdminCommand.Field.reason): .text(unanswered.reason),
        ])
    }
}
