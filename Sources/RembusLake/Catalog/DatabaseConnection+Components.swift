import RembusStore

extension DatabaseConnection {
    /// The named components that an earlier broker with this name, of any implementation, has left in the catalog.
    /// Their single mark is used for every subscription and partition.
    func storedComponents(name: String, partitions: Int) throws(LakeError) -> [ComponentRecord] {
        var records: [String: ComponentRecord] = [:]
        var marks: [String: UInt64] = [:]
        for row in try query(
            "SELECT twin, max(mark) FROM \(SystemTable.mark.sql) WHERE name = ? GROUP BY 1", [.text(name)]
        )
        .rows {
            if let twin = row[0].text { marks[twin] = row[1].unsigned ?? 0 }
        }
        let subscriptions =
            "SELECT twin, topic, max(msg_from) FROM \(SystemTable.subscriber.sql) WHERE name = ? GROUP BY ALL"
        for row in try query("\(subscriptions) ORDER BY ALL", [.text(name)]).rows {
            guard let twin = row[0].text, let topic = row[1].text else { continue }
            let all = [UInt64](repeating: marks[twin] ?? 0, count: partitions)
            records[twin, default: ComponentRecord(name: twin)].subscriptions.append(
                ComponentRecord.Subscription(topic: topic, messageFrom: row[2].double ?? 0, marks: all))
        }
        let exposed = "SELECT DISTINCT twin, topic FROM \(SystemTable.exposer.sql) WHERE name = ? ORDER BY ALL"
        for row in try query(exposed, [.text(name)]).rows {
            guard let twin = row[0].text, let topic = row[1].text else { continue }
            records[twin, default: ComponentRecord(name: twin)].exposed.append(topic)
        }
        return records.values.sorted { $0.name < $1.name }
    }
}
