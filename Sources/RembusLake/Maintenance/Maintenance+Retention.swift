import RembusSupport
import RembusTables

extension Maintenance {
    /// Deletes publications that exceed the age or size of their topic's retention (known-defects.md R26), and internal
    /// rows of this broker that are not needed any more.
    var retention: [Step] {
        var steps: [Step] = []
        let name = SQL.literal(configuration.name)
        let policy = configuration.policy
        if policy.patterns.contains(where: { $0.retention != Retention() }) {
            let horizon = configuration.retention
            steps.append(
                Step(kind: Self.retentionKind, part: "messages") { [expired] connection, _ throws(LakeError) in
                    expired.add(try MessageRetention(policy, horizon, name: name).enforce(connection))
                })
        }
        if let age = settings.rejectedRetention {
            steps.append(
                Step(kind: Self.retentionKind, part: "rejected") { connection, _ throws(LakeError) in
                    let before = "recv < epoch_ns(\(age.ago))"
                    try connection.execute(
                        "DELETE FROM \(SystemTable.rejected.sql) WHERE name = \(name) AND \(before)")
                })
        }
        steps.append(
            Step(kind: Self.retentionKind, part: "progress") { connection, _ throws(LakeError) in
                let progress = SystemTable.progress.sql
                let count = try connection.query("SELECT count(*) FROM \(progress)").value?.integer ?? 0
                guard count > 10_000 else { return }
                try connection.execute(
                    """
                    DELETE FROM \(progress) AS old USING (
                        SELECT "partition" AS p, max(recv) AS newest FROM \(progress) WHERE name = \(name) GROUP BY 1
                    ) WHERE name = \(name) AND old."partition" = p AND recv < newest
                    """)
            })
        return steps
    }
}

/// Counts the publications that a step has deleted. Used on the writer's thread only.
final class ExpiredCount {
    private var count: UInt64 = 0

    func add(_ more: UInt64) { count += more }

    /// Returns the count and sets it to zero.
    func take() -> UInt64 {
        defer { count = 0 }
        return count
    }
}

/// Finds and deletes publications in the `message` table that exceed their retention.
struct MessageRetention {
    private let policy: RecordPolicy
    /// How far back publications are kept, for replay.
    private let horizon: RetentionHorizon
    /// The broker's name, quoted.
    private let name: String

    init(_ policy: RecordPolicy, _ horizon: RetentionHorizon, name: String) {
        self.policy = policy
        self.horizon = horizon
        self.name = name
    }

    /// Deletes them in one transaction. Returns how many they were.
    func enforce(_ connection: DatabaseConnection) throws(LakeError) -> UInt64 {
        try connection.inline(true)
        guard try isAnythingDue(connection) else { return 0 }
        let limits = try sizeLimits(connection)
        let expired = try expiredTopics(connection, limits)
        guard !expired.isEmpty else { return 0 }
        try connection.execute("CREATE OR REPLACE TEMP TABLE expired (expired_topic VARCHAR, before UBIGINT)")
        for start in stride(from: 0, to: expired.count, by: 1000) {
            let rows = expired[start..<min(start + 1000, expired.count)].map {
                "(\(SQL.literal($0.topic)), \($0.before))"
            }
            try connection.execute("INSERT INTO temp.main.expired VALUES \(rows.joined(separator: ", "))")
        }
        let (message, source) = (SystemTable.message.sql, SystemTable.messageSource.sql)
        var count = 0
        try connection.transaction { () throws(LakeError) in
            try connection.execute(
                """
                DELETE FROM \(source) WHERE name = \(name) AND recv IN (
                    SELECT recv FROM \(message) JOIN temp.main.expired ON topic = expired_topic AND recv < before
                    WHERE name = \(name))
                """)
            count =
                try connection.query(
                    """
                    DELETE FROM \(message) USING temp.main.expired
                    WHERE name = \(name) AND topic = expired_topic AND recv < before
                    """
                ).value?.integer ?? 0
            try write(limits, connection)
        }
        // The journal may still have these publications.
        for (pattern, time) in limits { horizon.raise(policy.patterns[pattern].topics.description, to: time) }
        try connection.execute("DROP TABLE temp.main.expired")
        return UInt64(max(count, 0))
    }

    /// Whether there may be anything to delete. Without limits on the size, the time of the oldest publication shows
    /// this, which is read from one column.
    private func isAnythingDue(_ connection: DatabaseConnection) throws(LakeError) -> Bool {
        guard !policy.patterns.contains(where: { $0.retention.maxBytes != nil }) else { return true }
        guard let age = policy.patterns.compactMap(\.retention.maxAge).min() else { return false }
        let oldest = try connection.query("SELECT min(recv) FROM \(SystemTable.message.sql) WHERE name = \(name)").value
        let now = WallClock.nanoseconds()
        return (oldest?.unsigned).map { $0 < now - min(age, now) } ?? false
    }

    /// Stores the limits by size in the catalog, for the next process.
    private func write(_ limits: [Int: UInt64], _ connection: DatabaseConnection) throws(LakeError) {
        let table = SystemTable.retention.sql
        for (pattern, time) in limits {
            let text = SQL.literal(policy.patterns[pattern].topics.description)
            try connection.execute(
                """
                DELETE FROM \(table) WHERE name = \(name) AND pattern = \(text);
                INSERT INTO \(table) VALUES (\(name), \(text), \(time))
                """)
        }
    }

    /// Topics with publications that were received before the end of their retention.
    private func expiredTopics(
        _ connection: DatabaseConnection, _ limits: [Int: UInt64]
    ) throws(LakeError) -> [(topic: String, before: UInt64)] {
        let now = WallClock.nanoseconds()
        let oldest = try connection.query(
            "SELECT topic, min(recv) FROM \(SystemTable.message.sql) WHERE name = \(name) GROUP BY 1"
        ).rows
        return oldest.compactMap { row in
            guard let topic = row[0].text, let first = row[1].unsigned, let pattern = policy.pattern(for: topic) else {
                return nil
            }
            let age = policy.patterns[pattern].retention.maxAge.map { now > $0 ? now - $0 : 0 } ?? 0
            let before = max(age, limits[pattern] ?? 0)
            return first < before ? (topic, before) : nil
        }
    }

    /// For each pattern with a size, a time since which publications have about that size.
    private func sizeLimits(_ connection: DatabaseConnection) throws(LakeError) -> [Int: UInt64] {
        let limited = policy.patterns.indices.filter { policy.patterns[$0].retention.maxBytes != nil }
        guard !limited.isEmpty else { return [:] }
        // The search has steps of about four seconds, which is exact enough and needs little memory.
        let shift: UInt64 = 32
        let sizes = try connection.query(
            """
            SELECT topic, recv >> \(shift), sum(octet_length(data) + octet_length(encode(topic)) + 32)
            FROM \(SystemTable.message.sql) WHERE name = \(name) GROUP BY 1, 2 ORDER BY 2 DESC
            """)
        var totals: [Int: UInt64] = [:]
        var limits: [Int: UInt64] = [:]
        for row in sizes.rows {
            guard let topic = row[0].text, let bucket = row[1].unsigned, let size = row[2].unsigned,
                let pattern = policy.pattern(for: topic), let limit = policy.patterns[pattern].retention.maxBytes
            else { continue }
            totals[pattern, default: 0] += size
            if limits[pattern] == nil, totals[pattern, default: 0] > limit { limits[pattern] = bucket << shift }
        }
        return limits
    }
}

extension DatabaseConnection {
    /// The times since which publications are kept under patterns with a size, by the pattern's text.
    func retentionLimits(name: String) throws(LakeError) -> [String: UInt64] {
        var limits: [String: UInt64] = [:]
        let sql = "SELECT pattern, max(recv) FROM \(SystemTable.retention.sql) WHERE name = ? GROUP BY 1"
        for row in try query(sql, [.text(name)]).rows {
            guard let pattern = row[0].text, let time = row[1].unsigned else { continue }
            limits[pattern] = time
        }
        return limits
    }
}
