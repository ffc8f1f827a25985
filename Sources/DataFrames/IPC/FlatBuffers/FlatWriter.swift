/// What a field of a FlatBuffer table holds. A table is the list of its fields, in the order of their numbers.
indirect enum FlatValue {
    /// The field has its default.
    case absent
    case bool(Bool)
    case byte(UInt8)
    case short(Int16)
    case int(Int32)
    case long(Int64)
    case text(String)
    case table([FlatValue])
    case tables([[FlatValue]])
    /// A vector of `count` structures that consist of numbers of 64 bits.
    case structures([Int64], count: Int)

    /// The size within the table; an offset for what lies elsewhere.
    fileprivate var size: Int {
        switch self {
        case .absent: 0
        case .bool, .byte: 1
        case .short: 2
        case .long: 8
        case .int, .text, .table, .tables, .structures: 4
        }
    }
}

/// Writes a FlatBuffer from front to back: each table behind its vtable, and what it refers to behind it.
struct FlatWriter {
    private(set) var bytes: [UInt8] = []

    /// The FlatBuffer with this table at its root.
    static func write(root fields: [FlatValue]) -> [UInt8] {
        var writer = FlatWriter()
        writer.append(UInt32(0))
        writer.patch(0, to: writer.write(fields))
        return writer.bytes
    }

    /// Writes a table, and returns where it starts.
    private mutating func write(_ fields: [FlatValue]) -> Int {
        var (offsets, end) = ([Int](), 4)
        for field in fields {
            let size = field.size
            guard size > 0 else {
                offsets.append(0)
                continue
            }
            end = (end + size - 1) & ~(size - 1)
            offsets.append(end)
            end += size
        }
        align(2, 0)
        let vtable = bytes.count
        append(UInt16(4 + fields.count * 2))
        append(UInt16(end))
        for offset in offsets { append(UInt16(offset)) }
        align(8, 0)
        let start = bytes.count
        append(Int32(start - vtable))
        bytes.append(contentsOf: repeatElement(0, count: end - 4))
        for (field, offset) in zip(fields, offsets) { write(field, at: start + offset) }
        return start
    }

    private mutating func write(_ value: FlatValue, at position: Int) {
        switch value {
        case .absent: break
        case .bool(let flag): bytes[position] = flag ? 1 : 0
        case .byte(let number): bytes[position] = number
        case .short(let number): store(number, at: position)
        case .int(let number): store(number, at: position)
        case .long(let number): store(number, at: position)
        case .table(let fields): patch(position, to: write(fields))
        case .text(let text):
            align(4, 0)
            patch(position, to: bytes.count)
            append(UInt32(text.utf8.count))
            bytes.append(contentsOf: text.utf8)
            bytes.append(0)
        case .tables(let tables):
            align(4, 0)
            patch(position, to: bytes.count)
            append(UInt32(tables.count))
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: tables.count * 4))
            for (number, fields) in tables.enumerated() { patch(start + number * 4, to: write(fields)) }
        case .structures(let numbers, let count):
            align(8, 4)
            patch(position, to: bytes.count)
            append(UInt32(count))
            numbers.withUnsafeBytes { bytes.append(contentsOf: $0) }
        }
    }

    /// Makes the offset at `position` point to `target`.
    private mutating func patch(_ position: Int, to target: Int) { store(UInt32(target - position), at: position) }

    /// Adds zeros until the length is `rest` modulo `alignment`.
    private mutating func align(_ alignment: Int, _ rest: Int) {
        while bytes.count % alignment != rest { bytes.append(0) }
    }

    private mutating func append<T: FixedWidthInteger>(_ number: T) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private mutating func store<T: FixedWidthInteger>(_ number: T, at position: Int) {
        withUnsafeBytes(of: number.littleEndian) { source in
            for (index, byte) in source.enumerated() { bytes[position + index] = byte }
        }
    }
}
