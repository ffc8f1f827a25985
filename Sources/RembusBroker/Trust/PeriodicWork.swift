import Foundation
import Logging
import NIOCore
import RembusListening
import RembusTrust
import Synchronization

/// Checks every second whether rules or certificates were replaced on the disk, warns of certificates that expire soon,
/// and reports the figures of the whole broker to swift-metrics.
final class PeriodicWork: Sendable {
    private let core: BrokerCore
    private let certificates: TLSServerContext?
    private let forgotten: ForgottenNames
    private let task = Mutex<RepeatedTask?>(nil)
    private let descriptors = DescriptorWatch()
    private let nextWarning = Mutex<Date>(.distantPast)
    private let queue = DispatchQueue(label: "rembus.periodic-work", qos: .utility)

    /// How long before its expiry the warning about a certificate begins.
    private static let warningPeriod: TimeInterval = 14 * 86_400

    init(core: BrokerCore, certificates: TLSServerContext?) {
        self.core = core
        forgotten = ForgottenNames(core: core)
        self.certificates = certificates
    }

    func start(on eventLoop: any EventLoop) {
        let repeated = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { [weak self] _ in
            self?.look()
        }
        task.withLock { $0 = repeated }
        queue.async { self.warnOfExpiry() }
    }

    func stop() {
        task.withLock { $0.take() }?.cancel()
    }

    private func look() {
        core.identities.reloadIfChanged { [core] in
            core.logger.notice("administrators, tenants and rights have changed on the disk and were read again")
            core.applyRules()
        }
        queue.async { [core] in
            let (isStale, failed) = (core.trust.store.isStale, core.counters.failedReloads)
            failed.note(.rules, hasFailed: isStale, isNew: !failed.hasFailed(.rules))
        }
        queue.async { [core, descriptors] in
            core.readiness.logChanges(core.logger)
            core.readiness.tellChanges(core.events)
            core.eventTotals.look(core)
            descriptors.look(core.admission, core.logger)
        }
        queue.async { [forgotten] in forgotten.look() }
        if let reporter = core.reporter {
            queue.async { [core] in
                reporter.report()
                core.storage.reportMetrics()
            }
        }
        guard certificates != nil else { return }
        queue.async {
            self.reloadCertificates { try $0.reloadIfChanged() }
            self.warnOfExpiry()
        }
    }

    /// Reads rules and certificates again now.
    ///
    /// - Parameter settings: Where the certificates are from now on; nil leaves the place as it is.
    func reload(_ settings: TLSServerSettings? = nil) {
        core.identities.reloadIfChanged { [core] in core.applyRules() }
        queue.async {
            self.reloadCertificates {
                try $0.reload(settings)
                return true
            }
        }
    }

    private func reloadCertificates(_ body: (TLSServerContext) throws -> Bool) {
        guard let certificates else { return }
        do {
            guard try body(certificates) else {
                return core.counters.failedReloads.note(.certificates, hasFailed: certificates.isStale, isNew: false)
            }
            core.counters.failedReloads.note(.certificates, hasFailed: false)
            core.logger.notice("new certificates are in use: \(certificates.summary)")
            nextWarning.withLock { $0 = .distantPast }
        } catch {
            core.counters.failedReloads.note(.certificates, hasFailed: true)
            core.logger.error("the certificates are not replaced: \(error)")
        }
    }

    /// Called once a day.
    private func warnOfExpiry() {
        guard let expiry = certificates?.expiry else { return }
        let now = Date.now
        guard expiry.timeIntervalSince(now) < Self.warningPeriod else { return }
        let isDue = nextWarning.withLock { next in
            guard next <= now else { return false }
            next = now + 86_400
            return true
        }
        guard isDue else { return }
        let days = Int(expiry.timeIntervalSince(now) / 86_400)
        core.logger.warning(
            days >= 0
                ? "the certificate ends in \(days) days, on \(expiry.formatted(.iso8601)); replace it, for example with `rembus keys renew`"
                : "the certificate has ended on \(expiry.formatted(.iso8601)); replace it, for example with `rembus keys renew`"
        )
    }
}
