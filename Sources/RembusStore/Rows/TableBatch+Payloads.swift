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

    /// Stages a row from one value per column, in the schema's order (storage.md §4.3).
    func stagePositions(_ scanner: inout CBORScanner, count: Int) -> RejectReason? {
        guard count == schemas.count else {
            return RejectReason(
                .wrongCount,
                "The payload has \(count) values, the table \(table.name) has \(schemas.count) columns for them.")
        }
        beginRow()
        for column in 0..<count {
            if let reason = stage(&scanner, column) { return reason }
            markGiven(column)
        }
        return nil
    }

    /// Stages the item at the scanner in a column.
    @inline(__always)
    private func stage(_ scanner: inout CBORScanner, _ column: Int) -> RejectReason? {
        guard let scalar = CBORScalar.read(&scanner) else { return Self.malformed }
        if case .null = scalar { return stageNull(column) }
        let result = Cast.stage(scalar, as: schemas[column].type, into: columns[column])
        return result == .added ? nil : .cast(result, scalar, column: schemas[column])
    }

    private func stageNull(_ column: Int) -> RejectReason? {
        guard schemas[column].isNullable, !isKey[column] else { return .null(schemas[column], isKey: isKey[column]) }
        columns[column].stageNull()
        return nil
    }
}
