import Foundation
import Metrics
import RembusTransport
import RembusTrust
import Synchronization

/// Hands what is not counted by a lane to swift-metrics: totals of the whole broker, and figures of its parts.
final class BrokerReporter: Sendable {
    private let certificates: TLSServerContext?
    private let totals: Mutex<[Total]>
    private let expiry: (any MeterHandler)?

    /// A counter that swift-metrics is told the growth of, and where its value comes from.
    private struct Total {
        let counter: any CounterHandler
        let value: @Sendable () -> UInt64
        var reported: UInt64 = 0

        mutating func report() {
            let now = value()
            guard now > reported else { return }
            counter.increment(by: Int64(clamping: now - reported))
            reported = now
        }
    }

    init(_ core: BrokerCore, certificates: TLSServerContext?) {
        self.certificates = certificates
        let factory = MetricsSystem.factory
        let counters = core.counters
        func total(
            _ name: String, _ dimensions: [(String, String)] = [], _ value: @escaping @Sendable () -> UInt64
        ) -> Total {
            Total(counter: factory.makeCounter(label: name, dimensions: dimensions), value: value)
        }
        var all = [
            total(BrokerMetrics.unacknowledged) { UInt64(counters.unacknowledged.load(ordering: .relaxed)) },
            total(BrokerMetrics.slowConsumers) { UInt64(counters.slowConsumers.load(ordering: .relaxed)) },
            total(BrokerMetrics.replayLost) { counters.overrunBytes.load(ordering: .relaxed) },
            total(BrokerMetrics.denied) { UInt64(counters.denied.load(ordering: .relaxed)) },
            total(BrokerMetrics.failedLogins) { UInt64(counters.failedLogins.load(ordering: .relaxed)) },
            total(BrokerMetrics.malformed) { UInt64(counters.malformed.load(ordering: .relaxed)) },
        ]
        for reason in DropReason.allCases {
            all.append(total(BrokerMetrics.dropped, [("reason", reason.rawValue)]) { counters.dropped(reason) })
        }
        let admission = core.admission
        for refusal in ConnectionRefusal.allCases {
            all.append(
                total(BrokerMetrics.refused, [("reason", refusal.rawValue)]) {
                    UInt64(admission.refusals[refusal, default: 0])
                })
        }
        if let audit = core.trust.audit { all.append(total(BrokerMetrics.auditDropped) { audit.dropped }) }
        totals = Mutex(all)
        expiry = certificates.map { _ in factory.makeMeter(label: BrokerMetrics.certificateExpiry, dimensions: []) }
        factory.makeMeter(label: BrokerMetrics.build, dimensions: [("version", RembusVersion.current)]).set(Int64(1))
    }

    /// On any thread but an event loop's: parts of it may wait for a lock.
    func report() {
        totals.withLock { totals in
            for index in totals.indices { totals[index].report() }
        }
        if let certificates { expiry?.set(certificates.expiry.timeIntervalSince1970) }
    }
}

/// Why a message was dropped.
enum DropReason: String, CaseIterable {
    /// A publication whose topic cannot be one.
    case topic
    /// A publication for a connection that takes no more, and is not kept anywhere.
    case backlog
    /// An answer for a connection that takes no more.
    case answer
    /// What a door could not pass on.
    case door
}

extension BrokerCounters {
    func dropped(_ reason: DropReason) -> UInt64 {
        let counter =
            switch reason {
            case .topic: droppedTopics.load(ordering: .relaxed)
            case .backlog: droppedDeliveries.load(ordering: .relaxed)
            case .answer: droppedAnswers.load(ordering: .relaxed)
            case .door: dropped.load(ordering: .relaxed)
            }
        return UInt64(counter)
    }
}
