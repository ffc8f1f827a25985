import Logging
import RembusTransport
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

    /// Notes that a publication was not taken. Returns false, for its caller's convenience.
    func refuse(_ header: FrameHeader, _ reason: PublishRefusal, _ text: @autoclosure () -> String) -> Bool {
        refusal = reason
        let isAnswered = header.flags.qos != .atMostOnce
        let line = reason == .unusableTopic ? countUnusableTopic() : nil
        guard isAnswered || line != nil || unanswered.count == 0 else {
            unanswered.count += 1
            return false
        }
        let text = text()
        if let line { log(line, text) }
        if isAnswered {
            refusalAnswer = text
        } else {
            if unanswered.count == 0 { unanswered.reason = text }
            unanswered.count += 1
        }
        return false
    }

    /// Notes that a gateway has refused a publication whose topic its own protocol allows.
    func refuseTopic(_ topic: UnsafeRawBufferPointer) {
        guard let line = countUnusableTopic() else { return }
        guard topic.count > 0, topic.count <= maxTopicBytes else {
            return log(line, BrokerText.topicLength(topic.count, maxTopicBytes))
        }
        let name = String(decoding: topic, as: UTF8.self)
        let objection = Route.Objection(name, maxSegments: limits.maxTopicSegments)
        log(line, objection?.text(name, limits) ?? BrokerText.reservedTopic(name))
    }

    private func countUnusableTopic() -> LogBudget.Line? {
        core.counters.droppedTopics.wrappingAdd(1, ordering: .relaxed)
        return lane.refusalLog.take(lane.now)
    }

    private func log(_ line: LogBudget.Line, _ text: String) {
        let others = line.skipped > 0 ? "; \(line.skipped) more refusals were not logged" : ""
        core.logger.notice("refused a publication from \(label): \(text)\(others)", metadata: facts)
    }

    /// Answers the publication that was refused last, if it is to be answered.
    func answerRefusal(_ id: MessageID) {
        guard let text = refusalAnswer.take() else { return }
        // What carries publications in another form than Rembus frames has refusals of its own.
        guard deliverySink == nil else { return }
        respond(id, .error, .text(text))
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
