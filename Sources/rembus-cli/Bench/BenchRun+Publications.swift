import NIOCore
import Rembus
import Synchronization

extension BenchRun {
    /// One publisher, any number of subscribers.
    func publications() async throws -> BenchReport {
        let (plan, counters) = (plan, counters)
        let qos = QoS(rawValue: plan.mode.qos) ?? .atMostOnce
        let shape = FrameShape.publish(topic: plan.topic, qos: qos, size: plan.size)
        let shared = NIOLoopBoundBox.makeBoxSendingValue(SubscriberGroup(), eventLoop: receiving.eventLoop)
        try await openSubscribers(shape, shared)
        let publisher = try await sending.open(plan, counters) {
            BenchPublisher(group: $0, counters: counters, plan: plan, shape: shape)
        }
        try await receiving.eventLoop.submit {
            shared.value.onProgress = {
                counters.isWaiting.store(false, ordering: .sequentiallyConsistent)
                publisher.tell { $0.proceed() }
            }
        }.get()

        let watch = try BrokerWatch.start(plan.pid)
        let ownCPU = ProcessUsage.ownCPUSeconds
        publisher.tell { $0.begin() }
        try await follow(watch) {
            let sent = counters.sent.load(ordering: .relaxed)
            return counters.delivered.load(ordering: .relaxed) >= sent * plan.subscribers
                && (plan.mode.qos == 0 || counters.completed.load(ordering: .relaxed) >= sent)
        }
        var report = BenchReport(plan)
        report.setUsage(watch?.result(), ownCPU: ProcessUsage.ownCPUSeconds - ownCPU)
        let sender = try await publisher.with { (start: $0.start, end: $0.end, latency: $0.latency) }
        report.operations = counters.sent.load(ordering: .relaxed)
        let (sent, lastArrival) = (report.operations, counters.lastArrival.load(ordering: .relaxed))
        let end = max(sender.end, lastArrival)
        report.seconds = BenchClock.seconds(from: sender.start, to: end)
        let received = try await receiving.eventLoop.submit { shared.value.summary(of: sent) }.get()
        report.add(received)
        report.latency = plan.mode.qos > 0 ? sender.latency : received.latency
        if plan.mode.qos > 0 {
            report.errors = sent - counters.completed.load(ordering: .relaxed)
        }
        return report
    }

    private func openSubscribers(_ shape: FrameShape, _ shared: NIOLoopBoundBox<SubscriberGroup>) async throws {
        let (plan, counters) = (plan, counters)
        for _ in 0..<plan.subscribers {
            let subscriber = try await receiving.open(plan, counters) { group -> BenchSubscriber in
                let subscriber = BenchSubscriber(group: group, counters: counters, shape: shape, shared: shared.value)
                shared.value.members.append(subscriber)
                return subscriber
            }
            try await subscriber.finish { $0.subscribe(to: plan.topic) }
        }
    }
}

/// What all subscribers of a run have received together.
struct ReceptionSummary: Sendable {
    var delivered = 0
    var lost = 0
    var disordered = 0
    var repeated = 0
    var latency: BenchHistogram
}

extension SubscriberGroup {
    func summary(of sent: Int) -> ReceptionSummary {
        members.reduce(into: ReceptionSummary(latency: latency)) { summary, member in
            summary.delivered += member.check.received
            summary.lost += member.check.lost(of: sent)
            summary.disordered += member.check.disordered
            summary.repeated += member.check.repeated
        }
    }
}
