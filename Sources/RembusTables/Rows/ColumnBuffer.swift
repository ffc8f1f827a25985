/// The values of one column, row after row, in the layout of DuckDB's vectors (``ColumnStorage``).
///
/// A value is first staged in the row behind the last and becomes part of the column with ``commit()``; staging again
/// replaces it. So a row that turns out to be unusable costs nothing to take back. Pointers are valid until the next change.
///
/// Values with parts have them in ``children``: a structure's are in the same row, a list's and a map's between two offsets.
///
/// Not `Sendable`, and no access to a property calls out while it lasts: so accesses cannot overlap, and checking that at
/// run time, which took half of the time of a row, is turned off.
package final class ColumnBuffer {
    package let storage: ColumnStorage
    /// Rows.
    @exclusivity(unchecked) package private(set) var count = 0
    /// Rows that fit, one of them for staging.
    @exclusivity(unchecked) private var capacity: Int
    private let width: Int
    @exclusivity(unchecked) private var cells: UnsafeMutableRawPointer
    @exclusivity(unchecked) private var valid: UnsafeMutablePointer<UInt64>
    /// One more than the capacity for texts and blobs, unused otherwise.
    @exclusivity(unchecked) private var ends: UnsafeMutablePointer<Int>
    @exclusivity(unchecked) private var bytes: UnsafeMutableRawPointer
    @exclusivity(unchecked) private var bytesCapacity: Int
    private let isVariable: Bool
    /// The columns of the values' parts.
    package let children: [ColumnBuffer]
    /// Whether the children have the same rows.
    private let isStructure: Bool
    /// Of structures: names in what was staged that are none of their fields, see ``takeUnknownFields(of:_:)``.
    @exclusivity(unchecked) var unknownFields: [String] = []

    package init(_ storage: ColumnStorage, capacity: Int = 1024) {
        self.storage = storage
        self.capacity = max(64, (capacity + 63) & ~63)
        width = storage.width
        if case .structure = storage { isStructure = true } else { isStructure = false }
        isVariable = width == 0 && !isStructure
        children = storage.parts.map { ColumnBuffer($0, capacity: capacity) }
        bytesCapacity = isVariable && children.isEmpty ? self.capacity * 8 : 0
        cells = .allocate(byteCount: self.capacity * width, alignment: 64)
        valid = .allocate(capacity: self.capacity / 64)
        valid.initialize(repeating: 0, count: self.capacity / 64)
        ends = .allocate(capacity: isVariable ? self.capacity + 1 : 1)
        ends[0] = 0
        bytes = .allocate(byteCount: bytesCapacity, alignment: 64)
    }

    deinit {
        cells.deallocate()
        valid.deallocate()
        ends.deallocate()
        bytes.deallocate()
    }

    // MARK: - Reading

    /// Fixed widths: `count` values of ``ColumnStorage/width`` bytes, 64-byte aligned; those of null rows are zero.
    package var values: UnsafeRawPointer { UnsafeRawPointer(cells) }

    /// Texts and blobs: `count + 1` offsets into ``arena``, lists and maps: into the ``children``; row `i` is between offsets
    /// `i` and `i + 1`.
    package var offsets: UnsafePointer<Int> { UnsafePointer(ends) }

    /// The bytes of texts and blobs, one behind the other.
    package var arena: UnsafeRawPointer { UnsafeRawPointer(bytes) }

    /// One bit per row, lowest first, set when the row is not null. Bits behind the last row mean nothing.
    package var validity: UnsafePointer<UInt64> { UnsafePointer(valid) }

    /// Rows that are null; counted on demand.
    package var nullCount: Int { count - BitBuffer.count(valid, bits: count) }

    /// Bytes that the rows take.
    package var byteCount: Int {
        if children.isEmpty { return isVariable ? ends[count] + count * 8 : count * width }
        return children.reduce(count * 8) { $0 + $1.byteCount }
    }

    package func isNull(_ row: Int) -> Bool { valid[row >> 6] & (1 << UInt64(row & 63)) == 0 }

    /// The value of a row; of a null row it is zero.
    package func value<T: BitwiseCopyable>(_ row: Int, as type: T.Type = T.self) -> T {
        cells.load(fromByteOffset: row * width, as: T.self)
    }

    /// The text or blob of a row; empty when it is null.
    package func bytes(_ row: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: bytes + ends[row], count: ends[row + 1] - ends[row])
    }

    /// The bytes of a row's value, which are the same for the same values; not for nested types.
    func cellBytes(_ row: Int) -> [UInt8] {
        isVariable ? Array(bytes(row)) : Array(UnsafeRawBufferPointer(start: cells + row * width, count: width))
    }

    // MARK: - Writing

    /// Sets the staged row. `T` has the width of the storage.
    @inline(__always)
    func stage<T: BitwiseCopyable>(_ value: T) {
        cells.storeBytes(of: value, toByteOffset: count &* MemoryLayout<T>.stride, as: T.self)
        setValid()
    }

    /// Sets the staged row to a text or blob.
    @inline(__always)
    func stage(bytes source: UnsafeRawBufferPointer) {
        let start = ends[count]
        let end = start + source.count
        if end > bytesCapacity { growBytes(to: end) }
        if let base = source.baseAddress { (bytes + start).copyMemory(from: base, byteCount: source.count) }
        ends[count &+ 1] = end
        setValid()
    }

    /// Sets the staged row to a text.
    func stage(text: String) {
        var text = text
        text.withUTF8 { stage(bytes: UnsafeRawBufferPointer($0)) }
    }

    /// Sets the staged row to null.
    package func stageNull() {
        if isVariable {
            ends[count &+ 1] = ends[count]
            for child in children { child.truncate(to: ends[count]) }
        } else if isStructure {
            for child in children { child.stageNull() }
        } else {
            (cells + count &* width).initializeMemory(as: UInt8.self, repeating: 0, count: width)
        }
        valid[count >> 6] &= ~(1 << UInt64(count & 63))
    }

    /// Sets the staged row to a row of a column of the same storage.
    func stage(_ row: Int, of other: ColumnBuffer) {
        if other.isNull(row) { return stageNull() }
        if !children.isEmpty { return stageParts(row, of: other) }
        if isVariable { return stage(bytes: other.bytes(row)) }
        (cells + count &* width).copyMemory(from: other.cells + row &* width, byteCount: width)
        setValid()
    }

    @inline(__always)
    private func setValid() { valid[count >> 6] |= 1 << UInt64(count & 63) }

    /// Makes the staged row a row. Something must have been staged.
    @inline(__always)
    package func commit() {
        if isStructure { for child in children { child.commit() } }
        count &+= 1
        if count == capacity { grow() }
    }

    /// Removes the rows but keeps the memory for new ones.
    func removeAll() { truncate(to: 0) }

    /// Removes the rows behind the first `rows`.
    func truncate(to rows: Int) {
        count = rows
        for child in children { child.truncate(to: isVariable ? ends[rows] : rows) }
    }

    // MARK: - Parts

    /// Begins a list or map as the staged row; its elements are to be committed to the children.
    func beginElements() {
        for child in children { child.truncate(to: ends[count]) }
    }

    /// Ends what ``beginElements()`` began: the staged row is what the children got since.
    func endElements() {
        ends[count &+ 1] = children[0].count
        setValid()
    }

    /// Makes the staged row a structure, whose fields were staged in the children.
    func stageStructure() { setValid() }

    private func stageParts(_ row: Int, of other: ColumnBuffer) {
        guard isVariable else {
            for (child, source) in zip(children, other.children) { child.stage(row, of: source) }
            return setValid()
        }
        beginElements()
        for element in other.ends[row]..<other.ends[row + 1] {
            for (child, source) in zip(children, other.children) {
                child.stage(element, of: source)
                child.commit()
            }
        }
        endElements()
    }

    // MARK: - Memory

    private func grow() {
        let larger = capacity * 2
        let newCells = UnsafeMutableRawPointer.allocate(byteCount: larger * width, alignment: 64)
        newCells.copyMemory(from: cells, byteCount: count * width)
        cells.deallocate()
        cells = newCells
        let newValid = UnsafeMutablePointer<UInt64>.allocate(capacity: larger / 64)
        newValid.initialize(repeating: 0, count: larger / 64)
        newValid.update(from: valid, count: capacity / 64)
        valid.deallocate()
        valid = newValid
        if isVariable {
            let newEnds = UnsafeMutablePointer<Int>.allocate(capacity: larger + 1)
            newEnds.initialize(from: ends, count: count + 1)
            ends.deallocate()
            ends = newEnds
        }
        capacity = larger
    }

    private func growBytes(to needed: Int) {
        let larger = max(needed, bytesCapacity * 2)
        let newBytes = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
        newBytes.copyMemory(from: bytes, byteCount: ends[count])
        bytes.deallocate()
        bytes = newBytes
        bytesCapacity = larger
    }
}
