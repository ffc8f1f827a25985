import RembusWire

extension TableBatch {
    /// Stages a row from a map (storage.md §4.2); the reason when it cannot be one.
    func stageMap(_ scanner: inout CBORScanner, _ match: TableMatch) -> RejectReason? {
        guard let head = scanner.head() else { return Self.malformed }
        beginRow()
        var givenCount = 0
        var index = 0
        while head.isIndefinite ? scanner.peek() != CBORHead.breakByte : UInt64(index) < head.argument {
            guard let column = keyMemory.column(&scanner, index: index) else { return Self.malformed }
            index &+= 1
            if column == KeyMemory.none {
                // What is no column is ignored.
                guard scanner.skipItem(depth: FrameHeader.maxDepth) else { return Self.malformed }
                continue
            }
            if let reason = stage(&scanner, column) { return reason }
            // A key that comes twice replaces its first value.
            if !isGiven(column) { givenCount &+= 1 }
            markGiven(column)
        }
        return givenCount == schemas.count ? nil : fillMissing(match)
    }

    /// Stages a row from one value per column, in the schema's order, or per column that no topic variable names
    /// (storage.md §4.3).
    func stagePositions(_ scanner: inout CBORScanner, count: Int, _ match: TableMatch) -> RejectReason? {
        let isFull = count == schemas.count
        guard isFull || (match.hasVariables && count == match.remaining.count) else {
            return .wrongCount(count, of: table, remaining: match.hasVariables ? match.remaining : [])
        }
        beginRow()
        for index in 0..<count {
            let column = isFull ? index : match.remaining[index]
            if let reason = stage(&scanner, column) { return reason }
            markGiven(column)
        }
        return isFull ? nil : fillMissing(match)
    }

    /// Stages the item at the scanner in a column.
    @inline(__always)
    private func stage(_ scanner: inout CBORScanner, _ column: Int) -> RejectReason? {
        guard let scalar = CBORScalar.read(&scanner) else { return Self.malformed }
        // The usual cases, where the value is already what the column wants.
        switch (plainKinds[column], scalar) {
        case (.double, .float(let value)):
            columns[column].stage(value)
            return nil
        case (.text, .text(let bytes)):
            columns[column].stage(bytes: bytes)
            return nil
        case (_, .null): return stageNull(column)
        default: return stageOther(scalar, column)
        }
    }

    private func stageOther(_ scalar: CBORScalar, _ column: Int) -> RejectReason? {
        let result = Cast.stage(scalar, for: schemas[column], into: columns[column])
        return result == .added ? nil : .cast(result, scalar, column: schemas[column])
    }

    private func stageNull(_ column: Int) -> RejectReason? {
        guard schemas[column].isNullable, !isKey[column] else { return .null(schemas[column], isKey: isKey[column]) }
        columns[column].stageNull()
        return nil
    }
}

/// Types of columns whose values often come as they are stored.
enum PlainKind: BitwiseCopyable {
    case double
    case text
    case other

    init(_ type: ColumnType) {
        switch type {
        case .double: self = .double
        case .varchar: self = .text
        default: self = .other
        }
    }
}
