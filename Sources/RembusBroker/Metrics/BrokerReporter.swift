import Foundation
import Metrics
import RembusListening
import RembusTransport
import RembusTrust
import Synchronization

/// Reports metrics to swift-metrics that are not a lane's: totals of the whole broker, and figures of its parts.
final class BrokerReporter: Sendable {
    private let certificates: TLSServerContext?
    private let totals: Mutex<[Total]>
    private let registrations: RegistrationReporter
    private let expiry: (any MeterHandler)?
    private let reloads: [(part: ReloadPart, meter: any MeterHandler)]
    private let failedReloads: ReloadCounters
    private let readiness: Readiness
    private let ready: any MeterHandler
    private let unready: [(reason: UnreadyReason, gauge: any MeterHandler)]
    private let mesh: Mesh
    private let links: [(state: BrokerStatus.Link.State, gauge: any MeterHandler)]
    private let memory: MemoryBudget
    private let retained: any MeterHandler
    private let memoryLimit: any MeterHandler

    /// A counter whose growth is reported to swift-metrics, and the source of its value.
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
        readiness = core.readiness
        ready = factory.makeMeter(label: BrokerMetrics.ready, dimensions: [])
        unready = UnreadyReason.allCases.map {
            ($0, factory.makeMeter(label: BrokerMetrics.unready, dimensions: [("reason", $0.rawValue)]))
        }
        let counters = core.counters
        func total(
            _ name: String, _ dimensions: [(String, String)] = [], _ value: @escaping @Sendable () -> UInt64
        ) -> Total {
            Total(counter: factory.makeCounter(label: name, dimensions: dimensions), value: value)
        }
        var all = [
            total(BrokerMetrics.unacknowledged) { UInt64(counters.unacknowledged.load(ordering: .relaxed)) },
            total(BrokerMetrics.slowConsumers) { UInt64(counters.slowConsumers.load(ordering: .relaxed)) },
            total(BrokerMetrics.memoryEvictions) { UInt64(counters.memoryEvictions.load(ordering: .relaxed)) },
            total(BrokerMetrics.replayLost) { counters.overrunBytes.load(ordering: .relaxed) },
            total(BrokerMetrics.denied) { UInt64(counters.denied.load(ordering: .relaxed)) },
            total(BrokerMetrics.failedLogins) { UInt64(counters.failedLogins.load(ordering: .relaxed)) },
            total(BrokerMetrics.refusedRegistrations) {
                UInt64(counters.refusedRegistrations.load(ordering: .relaxed))
            },
            total(BrokerMetrics.malformed) { UInt64(counters.malformed.load(ordering: .relaxed)) },
        ]
        let mesh = core.mesh
        self.mesh = mesh
        links = BrokerStatus.Link.State.allCases.map {
            ($0, factory.makeMeter(label: BrokerMetrics.links, dimensions: [("state", $0.rawValue)]))
        }
        all += [
            total(BrokerMetrics.linkReceived) { mesh.totals.received.load(ordering: .relaxed) },
            total(BrokerMetrics.linkDropped) { mesh.totals.dropped.load(ordering: .relaxed) },
            total(BrokerMetrics.linkSent) { mesh.totals.sent.load(ordering: .relaxed) },
        ]
        for reason in DropReason.allCases {
            all.append(total(BrokerMetrics.dropped, [("reason", reason.rawValue)]) { counters.dropped(reason) })
        }
        for reason in ForgetReason.allCases {
            all.append(
                total(BrokerMetrics.forgottenNames, [("reason", reason.rawValue)]) { counters.forgotten(reason) })
        }
        registrations = RegistrationReporter(core.tables)
        let admission = core.admission
        for refusal in ConnectionRefusal.allCases {
            all.append(
                total(BrokerMetrics.refused, [("reason", refusal.rawValue)]) {
                    UInt64(admission.refusals[refusal, default: 0])
                })
        }
        failedReloads = counters.failedReloads
        for part in ReloadPart.allCases {
            all.append(
                total(BrokerMetrics.reloadFailures, [("part", part.rawValue)]) { counters.failedReloads.failures(part) }
            )
        }
        reloads = ReloadPart.allCases.map { part in
            (part, factory.makeMeter(label: BrokerMetrics.reloadFailed, dimensions: [("part", part.rawValue)]))
        }
        if let audit = core.trust.audit { all.append(total(BrokerMetrics.auditDropped) { audit.dropped }) }
        totals = Mutex(all)
        memory = core.memory
        retained = factory.makeMeter(label: BrokerMetrics.memory, dimensions: [("kind", "retained")])
        memoryLimit = factory.makeMeter(label: BrokerMetrics.memoryLimit, dimensions: [("part", "connections")])
        factory.makeMeter(label: BrokerMetrics.memoryLimit, dimensions: [("part", "process")])
            .set(Int64(core.memoryPlan.limit))
        expiry = certificates.map { _ in factory.makeMeter(label: BrokerMetrics.certificateExpiry, dimensions: []) }
        factory.makeMeter(label: BrokerMetrics.build, dimensions: [("version", RembusVersion.current)]).set(Int64(1))
    }

    /// On any thread but an event loop's, because it may wait for a lock.
    func report() {
        totals.withLock { totals in
            for index in totals.indices { totals[index].report() }
        }
        for (part, meter) in reloads { meter.set(failedReloads.hasFailed(part) ? Int64(1) : Int64(0)) }
        let reasons = readiness.reasons
        ready.set(Int64(reasons.isEmpty ? 1 : 0))
        for (reason, gauge) in unready { gauge.set(Int64(reasons.contains(reason) ? 1 : 0)) }
        let counts = mesh.linkCounts
        for (state, gauge) in links { gauge.set(Int64(counts[state] ?? 0)) }
        retained.set(Int64(memory.retained))
        memoryLimit.set(Int64(memory.limit))
        registrations.report()
        if let certificates { expiry?.set(certificates.expiry.timeIntervalSince1970) }
    }
}

/// Why a message was dropped.
enum DropReason: String, CaseIterable {
    /// The topic of a publication cannot be published to.
    case topic
    /// The connection of a subscriber takes no more, and the publication is not stored.
    case backlog
    /// The connection of a caller takes no more answers.
    case answer
    /// A gateway could not pass a message on. The label is older than the word gateway, and stays for the sake of
    /// dashboards.
    case gateway = "door"
}

/// Why a name was forgotten.
enum ForgetReason: String, CaseIterable {
    /// The name did not come back in time.
    case expired
    /// Its room was needed for another name.
    case room
    /// There was no room to remember the name.
    case full
}

extension BrokerCounters {
    func forgotten(_ reason: ForgetReason) -> UInt64 {
        let counter =
            switch reason {
            case .expired: expiredNames.load(ordering: .relaxed)
            case .room: forgottenForRoom.load(ordering: .relaxed)
            case .full: notRemembered.load(ordering: .relaxed)
            }
        return UInt64(counter)
    }

    func dropped(_ reason: DropReason) -> UInt64 {
        let counter =
            switch reason {
            case .topic: droppedTopics.load(ordering: .relaxed)
            case .backlog: droppedDeliveries.load(ordering: .relaxed)
            case .answer: droppedAnswers.load(ordering: .relaxed)
            case .gateway: dropped.load(ordering: .relaxed)
            }
        return UInt64(counter)
    }
}
