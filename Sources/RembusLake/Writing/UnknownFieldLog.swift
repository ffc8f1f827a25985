import Logging
import RembusTables

/// Warns of fields for which there is no column, or no field of a column: at once for a new name, and once an hour for
/// known ones, because some publishers send more than a table is to have.
final class UnknownFieldLog {
    private struct State {
        var said: Set<String> = []
        /// The number of publications since the last line.
        var count = 0
        /// When the next line may be written, and when it is written without a new name.
        var next: ContinuousClock.Instant
        var reminder: ContinuousClock.Instant
    }

    private static let pause = Duration.seconds(10)
    private static let interval = Duration.seconds(3600)
    /// The number of names is limited, because they may be made up anew each time.
    private static let maximumNames = 256

    private let schema: StoreSchema
    private let logger: Logger
    private var states: [Int: State] = [:]

    init(_ schema: StoreSchema, logger: Logger) {
        self.schema = schema
        self.logger = logger
    }

    /// Warns of such fields in a batch.
    func log(_ batch: Batch, now: ContinuousClock.Instant = .now) {
        for (index, table) in batch.tables.enumerated() {
            var fields = table.unknownFields
            fields.add(table.unknownFrameFields)
            guard fields.publications > 0 else { continue }
            var state = states[index] ?? State(next: now, reminder: now + Self.interval)
            state.count += fields.publications
            let isNew = state.said.count < Self.maximumNames && !state.said.isSuperset(of: fields.names)
            if (isNew && state.next <= now) || state.reminder <= now {
                warn(schema.tables[index], fields, count: state.count, of: batch)
                state.said.formUnion(fields.names)
                (state.count, state.next, state.reminder) = (0, now + Self.pause, now + Self.interval)
            }
            states[index] = state
        }
    }

    private func warn(_ table: TableSchema, _ fields: UnknownFields, count: Int, of batch: Batch) {
        var metadata: Logger.Metadata = [
            "table": "\(table.name)", "fields": "\(table.words(ofUnknown: fields.names))",
            "columns": "\(table.columnListing)", "count": "\(count)",
        ]
        if let time = fields.firstReceivedAt, let row = batch.message(receivedAt: time) {
            metadata["topic"] = "\(String(decoding: batch.messages.topics.bytes(row), as: UTF8.self))"
        }
        logger.warning(
            "publications have fields that are no columns of their table; those fields are not stored",
            metadata: metadata)
    }
}
