import RembusTables

extension Lake {
    /// The publishers of publications that were received at some times, for a journal that has lost its names.
    /// Blocking.
    ///
    /// - Returns: By receive time, for publications in the table `message`: the publisher, nil for an anonymous one,
    ///   and the tenant.
    package func sources(
        receivedAt times: [UInt64]
    ) throws(LakeError) -> [UInt64: (publisher: String?, tenant: String)] {
        let connection = try connect()
        var found: [UInt64: (publisher: String?, tenant: String)] = [:]
        for start in stride(from: 0, to: times.count, by: 1000) {
            let list = times[start..<min(start + 1000, times.count)].map(String.init).joined(separator: ", ")
            let rows = try connection.query(
                """
                SELECT m.recv, publisher, tenant
                FROM (SELECT recv FROM \(SystemTable.message.sql) WHERE name = $1 AND recv IN (\(list))) AS m
                LEFT JOIN (
                    SELECT recv, publisher, tenant FROM \(SystemTable.messageSource.sql)
                    WHERE name = $1 AND recv IN (\(list))
                ) AS s ON m.recv = s.recv
                """, [.text(name)]
            ).rows
            for row in rows {
                guard let time = row[0].unsigned else { continue }
                found[time] = (row[1].text, row[2].text ?? MessageBatch.defaultTenant)
            }
        }
        return found
    }
}
