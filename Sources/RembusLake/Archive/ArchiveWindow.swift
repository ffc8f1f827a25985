import NIOCore
import RembusStore

/// A query for the messages of one partition between two times.
struct ArchiveWindow {
    var name: String
    var partition: Int
    var partitionCount: Int
    /// The window's bounds, which are not in the window themselves.
    var after: UInt64
    var before: UInt64
    /// The topics; nil for all.
    var topics: [String]?
    var maxRows: Int
    var maxBytes: Int

    /// Reads the window's records in order, or the first of them if there are too many. Returns whether these are all.
    func read(
        _ connection: DatabaseConnection, number: @escaping (String) -> UInt32
    ) throws(LakeError) -> (records: ArchivedRecords, isAll: Bool) {
        var records = ArchivedRecords(number: number)
        var count = 0
        for chunk in try connection.query(sql, parameters).chunks {
            for row in 0..<chunk.count {
                guard let time: UInt64 = chunk[0].load(row) else { continue }
                // There is at least one record, however large it is.
                if count > 0, records.bytes.readableBytes >= maxBytes { return (records, false) }
                chunk[4].withBytes(row) { topic in
                    append(to: &records, chunk, row, time, topic)
                }
                count += 1
            }
        }
        return (records, count < maxRows)
    }

    private func append(
        to records: inout ArchivedRecords, _ chunk: DataChunk, _ row: Int, _ time: UInt64,
        _ topic: UnsafeRawBufferPointer
    ) {
        func add(_ arguments: UnsafeRawBufferPointer?) {
            records.append(
                ArchivedRecords.Row(
                    receivedAt: time, slot: chunk[1].load(row), flags: chunk[2].load(row) ?? 0, id: chunk[3].load(row),
                    topic: topic, arguments: arguments, publisher: chunk[6].text(row), tenant: chunk[7].text(row)))
        }
        if chunk[5].withBytes(row, { add($0) }) == nil { add(nil) }
    }

    /// Numbers are part of the text, so that DuckDB can skip files without such times. The name and the topics are
    /// bound.
    private var sql: String {
        let range = "recv > \(after) AND recv < \(before)"
        let lane = partitionCount > 1 ? " AND (recv & 63) % \(partitionCount) = \(partition)" : ""
        let only = topics.map { list in
            " AND topic IN (\(list.indices.map { "$\($0 + 2)" }.joined(separator: ", ")))"
        }
        return """
            SELECT m.recv, slot, qos, uid, topic, data, publisher, tenant FROM (
                SELECT * FROM \(SystemTable.message.sql) WHERE name = $1 AND \(range)\(lane)\(only ?? "")
                ORDER BY recv LIMIT \(maxRows)
            ) AS m LEFT JOIN (
                SELECT recv, publisher, tenant FROM \(SystemTable.messageSource.sql) WHERE name = $1 AND \(range)
            ) AS s ON m.recv = s.recv ORDER BY m.recv
            """
    }

    private var parameters: [DatabaseValue] { [.text(name)] + (topics ?? []).map(DatabaseValue.text) }
}

extension DatabaseConnection {
    /// The time of the first message between two times; nil when there is none. DuckDB reads only few columns for this.
    func firstMessage(name: String, after: UInt64, before: UInt64) throws(LakeError) -> UInt64? {
        let range = "recv > \(after) AND recv < \(before)"
        let sql = "SELECT min(recv) FROM \(SystemTable.message.sql) WHERE name = ? AND \(range)"
        return try query(sql, [.text(name)]).value?.unsigned
    }
}
