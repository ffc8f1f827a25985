import Foundation
import RembusWire
import X509

/// The facts of a certificate that are of interest to people.
struct CertificateSummary {
    let certificate: Certificate

    init(_ certificate: Certificate) {
        self.certificate = certificate
    }

    /// The common name, or the whole subject without one.
    var commonName: String {
        for part in certificate.subject {
            for attribute in part where attribute.type == .RDNAttributeType.commonName {
                return attribute.value.description
            }
        }
        return certificate.subject.description
    }

    /// DNS names and addresses.
    var hosts: [HostNameOption] {
        (try? certificate.extensions.subjectAlternativeNames)?.flatMap { $0.compactMap(HostNameOption.init) } ?? []
    }

    /// The DNS names and addresses, or the common name if there are none.
    var names: [String] { hosts.isEmpty ? [commonName] : hosts.map(\.text) }

    /// The day of its expiry, in UTC.
    var lastDay: String { certificate.notValidAfter.formatted(.iso8601.year().month().day()) }

    /// The time of its expiry, in UTC.
    var end: String { certificate.notValidAfter.formatted(.iso8601) }

    /// The whole days until its expiry; negative afterwards.
    func daysLeft(now: Date = .now) -> Int {
        Int((certificate.notValidAfter.timeIntervalSince(now) / 86_400).rounded(.down))
    }

    /// The validity as text: `until 2027-12-25 (397 days)`.
    func validity(now: Date = .now) -> String {
        if certificate.notValidAfter <= now { return "EXPIRED on \(lastDay)" }
        if certificate.notValidBefore > now {
            return "NOT YET VALID, from \(certificate.notValidBefore.formatted(.iso8601))"
        }
        let days = daysLeft(now: now)
        return "until \(lastDay) (\(days) day\(days == 1 ? "" : "s"))"
    }

    /// All facts as a value, for programs.
    func value(file: String) throws -> Value {
        [
            "file": .text(file), "subject": .text(commonName), "names": .array(hosts.map { .text($0.text) }),
            "not_before": .text(certificate.notValidBefore.formatted(.iso8601)), "not_after": .text(end),
            "days_left": .integer(Int64(daysLeft())), "sha256": .text(try certificate.fingerprint),
        ]
    }
}
