import Logging
import RembusBroker
import RembusLake
import RembusStore

/// Recovers names that a journal has lost, and reports what was lost.
///
/// Records have numbers, whose names are in `journal/names`. A publication of an unknown tenant belongs to nobody, so
/// without the names there is no replay. But most records are in the lake too, with their names.
struct NameRecovery {
    let journal: JournalStore
    let lake: Lake?
    let logger: Logger

    /// How many records are looked up for one number, oldest and newest. Not all of them are in the lake.
    private static let samples = 8

    func run() throws {
        let missing = journal.numbersWithoutName
        guard !missing.isEmpty else { return }
        let (publishers, tenants) = try records(bearing: missing)
        let borne = Set(publishers.keys).union(tenants.keys)
        guard !borne.isEmpty else { return }
        let found = names(publishers, tenants)
        do {
            try journal.restoreNames(found)
        } catch {
            throw BrokerError("\(error)")
        }
        let summary = "journal/names was lost or damaged: \(borne.count) names of publishers and tenants were not in it"
        let lost = borne.subtracting(found.keys)
        if lost.isEmpty {
            logger.warning("\(summary); all of them were found in the lake, and replay goes on")
        } else {
            let lostTenants = lost.intersection(tenants.keys).count
            logger.error(
                "\(summary). \(found.count) were found in the lake; of \(lostTenants) tenants the publications in the journal are not replayed"
            )
        }
    }

    private typealias Times = [UInt32: [UInt64]]

    /// The receive times of some records of each number.
    private func records(bearing missing: Set<UInt32>) throws -> (publishers: Times, tenants: Times) {
        var (publishers, tenants) = (Times(), Times())
        func note(_ time: UInt64, _ number: UInt32, in times: inout Times) {
            guard missing.contains(number) else { return }
            times[number, default: []].append(time)
            if times[number, default: []].count > 2 * Self.samples { times[number]?.remove(at: Self.samples) }
        }
        do {
            try journal.forEachRecord(since: 0) { record, _, _ in
                note(record.receivedAt, record.publisher, in: &publishers)
                note(record.receivedAt, record.tenant, in: &tenants)
            }
        } catch {
            throw BrokerError("\(error)")
        }
        return (publishers, tenants)
    }

    private func names(_ publishers: Times, _ tenants: Times) -> [UInt32: String] {
        guard let lake else { return [:] }
        var found: [UInt32: String] = [:]
        do {
            let sources = try lake.sources(
                receivedAt: Set((Array(publishers.values) + Array(tenants.values)).joined()).sorted())
            for (number, times) in publishers {
                found[number] = times.lazy.compactMap { sources[$0]?.publisher }.first
            }
            for (number, times) in tenants {
                // A number whose name could not be found at an earlier start has a placeholder, which is not a name.
                found[number] = times.lazy.compactMap { sources[$0]?.tenant }.first { $0.first != "\u{1}" }
            }
        } catch {
            logger.warning("names cannot be looked up in the lake: \(error)")
        }
        return found
    }
}
