import NIOCore
import RembusWire

/// The rows of one table that are to be written together, column by column (storage.md §4).
///
/// Every publication is checked and cast on its own: a publication that does not fit is rejected with a reason and
/// leaves no trace here. Not `Sendable`: a batch belongs to one thread. As in ``ColumnBuffer``, accesses cannot
/// overlap, so they are not checked at run time.
package final class TableBatch {
    package let table: TableSchema
    /// Rows, frames not counted.
    @exclusivity(unchecked) package private(set) var rowCount = 0
    /// As ``TableSchema/allColumns``, so with receive time and slot when the table has them.
    package let columns: [ColumnBuffer]
    /// The receive time of every row, whether the table has a column for it or not.
    package let receivedAt: ColumnBuffer
    /// The slot of every row, whether the table has a column for it or not.
    package let slots: ColumnBuffer
    /// For tables with keys, per payload column: the bit is set in rows that say something about the column (by payload,
    /// topic variable or default). Where it is not, the cell is null and an update leaves the column as it is
    /// (storage.md §4.8). Empty for tables without keys.
    package let mentioned: [BitBuffer]
    /// The publications that are dataframes, in receive order.
    package private(set) var frames: [FrameRows] = []

    /// What of the rows' publications is no column. Of frames it is known when they are read, see
    /// ``unknownFrameFields``.
    package private(set) var unknownFields = UnknownFields()
    /// The unknown fields of frames, noted when the frames are read.
    package private(set) var unknownFrameFields = UnknownFields()

    private var frameBytes = 0
    /// Set while a message is staged that has fields which are no column: its map.
    @exclusivity(unchecked) var strayMap: CBORScanner?
    let schemas: [ColumnSchema]
    let isKey: [Bool]
    let plainKinds: [PlainKind]
    /// The payload columns with structures in them.
    private let structured: [Int]
    @exclusivity(unchecked) var keyMemory: KeyMemory
    /// One bit per payload column, set when the payload of the current message gave it.
    private let given: UnsafeMutablePointer<UInt64>
    private let givenCount: Int
    /// Receive time and slot, which are never in a payload.
    private let extras: [ColumnBuffer]

    package init(_ table: TableSchema) {
        self.table = table
        columns = table.allColumns.indices.map { ColumnBuffer(table.batchType($0).storage) }
        receivedAt = table.receivedAtColumn.map { [columns] in columns[$0] } ?? ColumnBuffer(.uint64)
        slots = table.slotColumn.map { [columns] in columns[$0] } ?? ColumnBuffer(.uint32)
        extras = [receivedAt, slots]
        mentioned = table.keys.isEmpty ? [] : table.columns.map { _ in BitBuffer() }
        schemas = table.columns
        isKey = table.columns.indices.map { table.keys.contains($0) }
        plainKinds = table.columns.map { PlainKind($0.type) }
        structured = table.columns.indices.filter { table.columns[$0].type.hasFields }
        keyMemory = KeyMemory(table.columns)
        givenCount = (table.columns.count + 63) / 64
        given = .allocate(capacity: max(1, givenCount))
        given.initialize(repeating: 0, count: max(1, givenCount))
    }

    deinit { given.deallocate() }

    package var isEmpty: Bool { rowCount == 0 && frames.isEmpty }

    /// Bytes that rows and frames take, approximately.
    package var byteCount: Int {
        var sum = frameBytes
        for column in columns { sum += column.byteCount }
        return sum + (rowCount * (12 + mentioned.count / 8))
    }

    /// Removes rows and frames but keeps the memory for new ones.
    package func reset() {
        rowCount = 0
        frames.removeAll(keepingCapacity: true)
        frameBytes = 0
        (unknownFields, unknownFrameFields) = (UnknownFields(), UnknownFields())
        for column in columns { column.removeAll() }
        for column in extras { column.removeAll() }
        for bits in mentioned { bits.removeAll() }
    }

    /// Adds what a publication says: one row, or one frame.
    ///
    /// - Parameters:
    ///   - arguments: The CBOR argument array with its head; what follows it is ignored.
    ///   - match: How its topic fills this table.
    ///   - receivedAt: Receive time, nanoseconds since the epoch.
    ///   - slot: The slot, nil without one.
    package func append(
        arguments: UnsafeRawBufferPointer, match: TableMatch, receivedAt: UInt64, slot: UInt32?
    ) -> RowOutcome {
        var scanner = CBORScanner(arguments)
        guard let head = scanner.head(), head.major == .array else { return .rejected(Self.malformed) }
        let count: Int
        if head.isIndefinite {
            guard let items = Self.countItems(scanner) else { return .rejected(Self.malformed) }
            count = items
        } else {
            // An item has at least one byte.
            guard head.argument <= UInt64(arguments.count) else { return .rejected(Self.malformed) }
            count = Int(head.argument)
        }
        // storage.md §4.1.
        strayMap = nil
        let rejection: RejectReason?
        if count == 1, let first = scanner.peek(), first >> 5 == 5 {
            rejection = stageMap(&scanner, match)
        } else if count == 1, FrameRows.isFrame(scanner) {
            return appendFrame(scanner, match, receivedAt: receivedAt, slot: slot)
        } else if count == 0, match.hasVariables {
            rejection = stageMissing(match)
        } else {
            rejection = stagePositions(&scanner, count: count, match)
        }
        let strayFields = structured.isEmpty ? [] : takeStrayFields()
        if let rejection { return .rejected(rejection) }
        commit(receivedAt: receivedAt, slot: slot)
        if strayMap != nil || !strayFields.isEmpty {
            unknownFields.note(receivedAt: receivedAt) { (strayMap.map(strayNames) ?? []) + strayFields }
        }
        return .added
    }

    /// Begins to read the frames, from the first on.
    package func beginFrames() { unknownFrameFields = UnknownFields() }

    /// Notes the fields of a frame that are not columns.
    package func noteUnknown(_ names: [String], receivedAt: UInt64) {
        guard !names.isEmpty else { return }
        unknownFrameFields.note(receivedAt: receivedAt) { names }
    }

    /// What the message had in structures that is none of their fields.
    private func takeStrayFields() -> [String] {
        structured.flatMap { columns[$0].takeUnknownFields(of: schemas[$0].name, schemas[$0].type) }
    }

    static let malformed = RejectReason(.malformed, "The payload is not well-formed CBOR.")

    /// Items up to the break of an array without a length; nil when it is malformed.
    private static func countItems(_ scanner: CBORScanner) -> Int? {
        var scanner = scanner
        var count = 0
        while let next = scanner.peek() {
            if next == CBORHead.breakByte { return count }
            guard scanner.skipItem(depth: FrameHeader.maxDepth) else { return nil }
            count += 1
        }
        return nil
    }

    // MARK: - The staged row

    /// Forgets which columns the current message gave.
    @inline(__always)
    func beginRow() {
        for index in 0..<givenCount { given[index] = 0 }
    }

    @inline(__always)
    func markGiven(_ column: Int) { given[column >> 6] |= 1 << UInt64(column & 63) }

    @inline(__always)
    func isGiven(_ column: Int) -> Bool { given[column >> 6] & (1 << UInt64(column & 63)) != 0 }

    /// Stages a row of a message that gives no column.
    func stageMissing(_ match: TableMatch) -> RejectReason? {
        beginRow()
        return fillMissing(match)
    }

    /// Puts what the topic and the schema say into the columns that the payload did not give (storage.md §4.2).
    func fillMissing(_ match: TableMatch) -> RejectReason? {
        for column in 0..<schemas.count where !isGiven(column) {
            switch match.fills[column] {
            case .value(let value):
                columns[column].stage(0, of: value)
                // A variable and a default say something about the column.
                markGiven(column)
            case .null: columns[column].stageNull()
            case .reject(let reason): return reason
            }
        }
        return nil
    }

    private func commit(receivedAt time: UInt64, slot: UInt32?) {
        receivedAt.stage(time)
        if let slot { slots.stage(slot) } else { slots.stageNull() }
        for column in 0..<schemas.count { columns[column].commit() }
        for column in extras { column.commit() }
        for column in mentioned.indices { mentioned[column].append(isGiven(column)) }
        rowCount &+= 1
    }

    private func appendFrame(
        _ scanner: CBORScanner, _ match: TableMatch, receivedAt: UInt64, slot: UInt32?
    ) -> RowOutcome {
        guard let payload = FrameRows.payload(scanner) else {
            return .rejected(
                RejectReason(.notADataFrame, "The dataframe is not tag 80 around a byte string."))
        }
        frames.append(
            FrameRows(
                payload: payload, receivedAt: receivedAt, slot: slot, match: match, missing: match.frameConstants))
        frameBytes += payload.readableBytes
        return .added
    }
}
