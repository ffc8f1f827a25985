import RembusStore
import RembusTables
import RembusWire

/// Publications on their way to the lake: the rows of `message` and of every table, in the order of receive times.
///
/// Used on the writer's thread only. Kept until it is committed.
final class Batch {
    let messages = MessageBatch()
    /// For every row of `messages`, 1 when it is recorded. Others are only for the tables.
    private(set) var recorded: [UInt8] = []
    private(set) var unrecordedCount = 0
    /// By the table's number in the schema.
    let tables: [TableBatch]
    let rejections = Rejections()
    /// For each journal partition, the receive time of the last publication in this batch and all earlier ones.
    private(set) var progress: [UInt64] = []
    private(set) var byteCount = 0

    private let cache: TopicCache
    private let nameOf: (UInt32) -> String?
    /// Names by their numbers, so that the journal is asked once for each batch.
    private var names: [UInt32: String?] = [:]

    init(
        _ schema: StoreSchema, matcher: TableMatcher, recording: RetentionHorizon, name: @escaping (UInt32) -> String?
    ) {
        tables = schema.tables.map(TableBatch.init)
        cache = TopicCache(matcher, recording)
        nameOf = name
    }

    var isEmpty: Bool { messages.rowCount == 0 }

    /// Adds a publication to `message`, and to its table if it has one that it fits.
    func append(_ header: RecordHeader, _ message: UnsafeRawBufferPointer) {
        byteCount += message.count + RecordFormat.headerBytes
        // Messages were checked when they were received. Others in the journal cannot become rows.
        guard case .regular(let frame) = FrameHeader.parse(message), frame.kind == .publish else { return }
        messages.append(
            receivedAt: header.receivedAt, frame: frame, message: message, publisher: name(header.publisher),
            tenant: tenant(header.tenant))
        let (match, isRecorded) = cache.find(frame.topicBytes(in: message), tenant: header.tenant) {
            tenant(header.tenant) ?? MessageBatch.defaultTenant
        }
        recorded.append(isRecorded ? 1 : 0)
        if !isRecorded { unrecordedCount += 1 }
        guard let match else { return }
        let outcome = tables[match.table].append(
            arguments: frame.arguments(in: message), match: match, receivedAt: header.receivedAt,
            slot: frame.slot(in: message))
        if case .rejected(let reason) = outcome {
            reject(message: messages.rowCount - 1, table: match.table, reason)
        }
    }

    /// Records a publication, by its row in `messages`, as one that did not fit.
    func reject(message: Int, table: Int, _ reason: RejectReason) {
        rejections.add(message: message, table: table, reason, bytes: messages.data.bytes(message).count)
    }

    /// Sets the journal's position behind this batch.
    func close(_ progress: [UInt64]) {
        self.progress = progress
    }

    /// The row of `messages` with this receive time; nil when there is none.
    func message(receivedAt time: UInt64) -> Int? {
        var (low, high) = (0, messages.rowCount)
        while low < high {
            let middle = (low + high) / 2
            if messages.receivedAt.value(middle, as: UInt64.self) < time { low = middle + 1 } else { high = middle }
        }
        guard low < messages.rowCount, messages.receivedAt.value(low, as: UInt64.self) == time else { return nil }
        return low
    }

    /// Removes everything and keeps the memory.
    func reset() {
        messages.reset()
        recorded.removeAll(keepingCapacity: true)
        unrecordedCount = 0
        for table in tables where !table.isEmpty { table.reset() }
        rejections.removeAll()
        names.removeAll(keepingCapacity: true)
        byteCount = 0
    }

    /// A tenant's name. If the journal has lost it, the publications belong to nobody. They must not belong to the
    /// default tenant, so the name contains a control character, which no component's name can have.
    private func tenant(_ number: UInt32) -> String? {
        number == 0 ? nil : name(number) ?? "\u{1}lost tenant \(number)"
    }

    private func name(_ number: UInt32) -> String? {
        guard number != 0 else { return nil }
        if let name = names[number] { return name }
        let name = nameOf(number)
        names[number] = .some(name)
        return name
    }
}
