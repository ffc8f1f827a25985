/// A column to sort by, and in which direction; a plain text is a name, in ascending order.
public struct SortKey: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The name of the column.
    public var name: String
    /// Whether large values come first.
    public var isDescending: Bool

    /// Small values first.
    public static func ascending(_ name: String) -> SortKey { SortKey(name: name, isDescending: false) }

    /// Large values first.
    public static func descending(_ name: String) -> SortKey { SortKey(name: name, isDescending: true) }

    private init(name: String, isDescending: Bool) {
        self.name = name
        self.isDescending = isDescending
    }

    /// The column with this name, small values first.
    public init(stringLiteral name: String) { self.init(name: name, isDescending: false) }
}

extension DataFrame {
    /// The rows in another order: by the first key, where that is equal by the second, and so on.
    ///
    /// ```swift
    /// let sorted = try frame.sorted(by: "dn", .descending("temperature"))
    /// ```
    /// Rows that are equal keep their order. Nulls come last in both directions; NaN is larger than every number; texts
    /// are compared by their UTF-8. Throws an error for a column that does not exist or has no order, such as lists and
    /// structures.
    public func sorted(by keys: SortKey...) throws(DataFrameError) -> DataFrame {
        var orders: [(Int, Int) -> Int] = []
        for key in keys { orders.append(try column(key.name).order(isDescending: key.isDescending)) }
        let rows = (0..<rowCount).sorted { left, right in
            for order in orders {
                let result = order(left, right)
                if result != 0 { return result < 0 }
            }
            return left < right
        }
        return taking(rows)
    }
}

extension Column {
    /// Compares two rows: below 0 if the first one comes first, 0 if they are equal.
    fileprivate func order(isDescending: Bool) throws(DataFrameError) -> (Int, Int) -> Int {
        switch type.valueType {
        case .bool: return order(try values(as: Bool.self).map { $0.map { $0 ? 1 : 0 } }, isDescending, <)
        case .uint64: return order(Array(try values(as: UInt64.self)), isDescending, <)
        case .float16, .float32, .float64:
            return order(Array(try values(as: Double.self)), isDescending) { $0 < $1 || $1.isNaN && !$0.isNaN }
        case .utf8, .largeUtf8, .utf8View:
            return order(try values(as: String.self).map { $0.map { Array($0.utf8) } }, isDescending) {
                $0.lexicographicallyPrecedes($1)
            }
        case .binary, .largeBinary, .binaryView, .fixedSizeBinary:
            return order(Array(try values(as: [UInt8].self)), isDescending) { $0.lexicographicallyPrecedes($1) }
        case .decimal128, .decimal256:
            return order(Array(try values(as: DecimalNumber.self)), isDescending) {
                ($0.high, $0.low) < ($1.high, $1.low)
            }
        case .null: return { _, _ in 0 }
        case let type where Int64.isReadable(from: type):
            return order(Array(try values(as: Int64.self)), isDescending, <)
        default: throw DataFrameError(.mismatch, "column \(name) is \(type), which has no order")
        }
    }

    private func order<Element>(
        _ values: [Element?], _ isDescending: Bool, _ isLess: @escaping (Element, Element) -> Bool
    ) -> (Int, Int) -> Int {
        { left, right in
            guard let one = values[left] else { return values[right] == nil ? 0 : 1 }
            guard let other = values[right] else { return -1 }
            if isLess(one, other) { return isDescending ? 1 : -1 }
            return isLess(other, one) ? (isDescending ? -1 : 1) : 0
        }
    }
}
