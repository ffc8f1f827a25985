/// A table of a FlatBuffer that is not trusted: every access is checked against the bytes that there are.
///
/// A table starts with the distance back to its vtable, which has the position of each field within the table, or 0 if
/// it has none.
struct FlatTable {
    private let bytes: ArrowBuffer
    private let start: Int
    private let vtable: Int
    private let vtableSize: Int
    /// How much may still be read, because many tables can refer to the same part again and again.
    private let budget: FlatBudget

    /// The table at the root of a FlatBuffer.
    init(root bytes: ArrowBuffer) throws(DataFrameError) {
        let position = Int(try bytes.read(UInt32.self, at: 0))
        try self.init(bytes, at: position, FlatBudget(bytes: bytes.count))
    }

    private init(_ bytes: ArrowBuffer, at position: Int, _ budget: FlatBudget) throws(DataFrameError) {
        self.bytes = bytes
        self.budget = budget
        start = position
        vtable = position - Int(try bytes.read(Int32.self, at: position))
        vtableSize = Int(try bytes.read(UInt16.self, at: vtable))
        guard vtableSize >= 4, vtable <= bytes.count - vtableSize else { throw .malformed("a table lies outside") }
        try budget.take(vtableSize)
    }

    /// Where a field is, or nil if it has its default.
    private func position(_ field: Int) throws(DataFrameError) -> Int? {
        let entry = 4 + field * 2
        guard entry + 2 <= vtableSize else { return nil }
        let offset = Int(try bytes.read(UInt16.self, at: vtable + entry))
        return offset == 0 ? nil : start + offset
    }

    /// A number, or its default.
    func number<T: FixedWidthInteger & BitwiseCopyable>(_ field: Int, _ standard: T) throws(DataFrameError) -> T {
        guard let position = try position(field) else { return standard }
        return try bytes.read(T.self, at: position)
    }

    func bool(_ field: Int) throws(DataFrameError) -> Bool { try number(field, UInt8(0)) != 0 }

    /// What a field refers to.
    private func target(_ field: Int) throws(DataFrameError) -> Int? {
        guard let position = try position(field) else { return nil }
        return position + Int(try bytes.read(UInt32.self, at: position))
    }

    func table(_ field: Int) throws(DataFrameError) -> FlatTable? {
        guard let target = try target(field) else { return nil }
        return try FlatTable(bytes, at: target, budget)
    }

    func text(_ field: Int) throws(DataFrameError) -> String? {
        guard let (start, count) = try vector(field, elementSize: 1) else { return nil }
        return bytes.slice(start, count).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// The tables of a vector of tables; none if there is no vector.
    func tables(_ field: Int) throws(DataFrameError) -> [FlatTable] {
        guard let (start, count) = try vector(field, elementSize: 4) else { return [] }
        var tables: [FlatTable] = []
        for index in 0..<count {
            let position = start + index * 4
            tables.append(try FlatTable(bytes, at: position + Int(try bytes.read(UInt32.self, at: position)), budget))
        }
        return tables
    }

    /// The bytes of a vector of structures or numbers; empty if there is no vector.
    func structures(_ field: Int, size: Int) throws(DataFrameError) -> ArrowBuffer {
        guard let (start, count) = try vector(field, elementSize: size) else { return .empty }
        return bytes.slice(start, count * size)
    }

    /// Where the elements of a vector start, and how many there are; all of them are inside.
    private func vector(_ field: Int, elementSize: Int) throws(DataFrameError) -> (start: Int, count: Int)? {
        guard let target = try target(field) else { return nil }
        let count = Int(try bytes.read(UInt32.self, at: target))
        guard count <= (bytes.count - target - 4) / elementSize else { throw .malformed("a vector lies outside") }
        try budget.take(count * elementSize)
        return (target + 4, count)
    }
}

/// Bounds how often the parts of a FlatBuffer are read. Offsets only point forward, so that there are no circles; but
/// each of a thousand tables could have the same long name, or children that have the same children.
private final class FlatBudget {
    private var remaining: Int

    init(bytes: Int) { remaining = bytes * 32 + 65_536 }

    func take(_ count: Int) throws(DataFrameError) {
        remaining -= count + 16
        if remaining < 0 { throw .malformed("the metadata repeats its parts too often") }
    }
}

extension ArrowBuffer {
    /// A number at a position that may be anywhere.
    func read<T: BitwiseCopyable>(_ type: T.Type, at position: Int) throws(DataFrameError) -> T {
        guard position >= 0, position <= count - MemoryLayout<T>.size else {
            throw .malformed("the metadata ends early")
        }
        return base.loadUnaligned(fromByteOffset: position, as: T.self)
    }
}
