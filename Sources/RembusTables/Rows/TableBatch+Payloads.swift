import RembusWire

extension TableBatch {
    /// Stages a row from a map (storage.md §4.2); the reason when it cannot be one.
    func stageMap(_ scanner: inout CBORScanner, _ match: TableMatch) -> RejectReason? {
        let map = scanner
        guard let head = scanner.head() else { return Self.malformed }
        beginRow()
        var givenCount = 0
        var index = 0
        while head.isIndefinite ? scanner.peek() != CBORHead.breakByte : UInt64(index) < head.argument {
            guard let column = keyMemory.column(&scanner, index: index) else { return Self.malformed }
            index &+= 1
            if column == KeyMemory.none {
                // Fields that are not columns are not stored; they are reported.
                strayMap = map
                guard scanner.skipItem(depth: FrameHeader.maxDepth) else { return Self.malformed }
                continue
            }
            if let reason = stage(&scanner, column) { return reason }
            // A key that comes twice replaces its first value.
            if !isGiven(column) { givenCount &+= 1 }
            markGiven(column)
        }
        if strayMap != nil { return stageWithStrays(of: map, givenCount: givenCount, match) }
        return givenCount == schemas.count ? nil : fillMissing(match)
    }

    /// Ends a row whose map has fields that are no column. When none is one, and not the topic alone makes the row, there is
    /// nothing to store but nulls, which nobody means.
    private func stageWithStrays(of map: CBORScanner, givenCount: Int, _ match: TableMatch) -> RejectReason? {
        guard givenCount > 0 || match.remaining.isEmpty else { return .unknownColumns(strayNames(of: map), of: table) }
        return givenCount == schemas.count ? nil : fillMissing(match)?.besides(strayNames(of: map), of: table)
    }

    /// The names of a map's fields that are no column.
    func strayNames(of map: CBORScanner) -> [String] {
        var scanner = map
        var names: [String] = []
        guard let head = scanner.head() else { return [] }
        var index: UInt64 = 0
        while head.isIndefinite ? scanner.peek() != CBORHead.breakByte : index < head.argument {
            index += 1
            var key = scanner
            guard let column = keyMemory.columnLookedUp(&scanner), scanner.skipItem(depth: FrameHeader.maxDepth) else {
                break
            }
            guard column == KeyMemory.none else { continue }
            switch CBORScalar.read(&key) {
            case .text(let text)?:
                names.append(String(String(decoding: text, as: UTF8.self).prefix(UnknownFields.maximumNameLength)))
            case let other?: names.append(other.words)
            case nil: break
            }
            if names.count == UnknownFields.maximumNames { break }
        }
        return names
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
