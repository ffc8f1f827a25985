import RembusSupport

/// Checks that the buffers of one array are what the array needs, so that no access to its values has to check again.
struct ArrayCheck {
    /// The field's name, for errors.
    let name: String
    let length: Int
    let validity: ArrowBuffer?

    /// The buffer, if it has so many bytes.
    func size(_ buffer: ArrowBuffer, _ needed: Int) throws(DataFrameError) -> ArrowBuffer {
        guard buffer.count >= needed else { throw short() }
        return buffer
    }

    /// The buffer, if it has so many values of so many bytes.
    func size(_ buffer: ArrowBuffer, _ count: Int, _ width: Int) throws(DataFrameError) -> ArrowBuffer {
        let (needed, overflow) = count.multipliedReportingOverflow(by: width)
        if overflow { throw short() }
        return try size(buffer, needed)
    }

    /// The buffer, if its offsets never decrease and lie within 0...`limit`. Without rows there may be no offset at
    /// all.
    func offsets(_ buffer: ArrowBuffer, _ width: Int, limit: Int) throws(DataFrameError) -> ArrowBuffer {
        if length == 0, buffer.count < width { return .empty }
        let checked = try size(buffer, length + 1, width)
        let isOrdered = width == 4 ? isOrdered(checked, Int32.self, limit) : isOrdered(checked, Int64.self, limit)
        guard isOrdered else { throw .malformed("field \(name) has offsets that lie outside") }
        return checked
    }

    private func isOrdered<T: FixedWidthInteger & BitwiseCopyable>(
        _ buffer: ArrowBuffer, _ type: T.Type, _ limit: Int
    ) -> Bool {
        let first = buffer.load(T.self, 0)
        var (last, decreases) = (first, false)
        // Without a branch for each offset, so that the loop runs at the speed of memory.
        for index in stride(from: 1, through: length, by: 1) {
            let next = buffer.load(T.self, index)
            decreases = decreases || next < last
            last = next
        }
        return first >= 0 && !decreases && Int64(last) <= Int64(limit)
    }

    /// Checks the text between offsets that were checked already. What lies at nulls does not matter.
    func text(_ offsets: ArrowBuffer, _ width: Int, _ bytes: ArrowBuffer) throws(DataFrameError) {
        guard offsets.count > 0 else { return }
        func offset(_ index: Int) -> Int {
            width == 4 ? Int(offsets.load(Int32.self, index)) : Int(offsets.load(Int64.self, index))
        }
        let start = offset(0)
        if UTF8Check.isASCII(UnsafeRawBufferPointer(start: bytes.base + start, count: offset(length) - start)) {
            return
        }
        for row in 0..<length where validity?.bit(row) ?? true {
            let start = offset(row)
            let value = UnsafeRawBufferPointer(start: bytes.base + start, count: offset(row + 1) - start)
            guard UTF8Check.isValid(value) else { throw notText() }
        }
    }

    /// Checks that views stay within the buffers, and that they are text if they should be.
    func views(_ views: ArrowBuffer, _ buffers: [ArrowBuffer], isText: Bool) throws(DataFrameError) {
        for row in 0..<length where validity?.bit(row) ?? true {
            let count = Int(views.load(Int32.self, row * 4))
            var value = UnsafeRawBufferPointer(start: views.base + (row * 16 + 4), count: max(0, min(count, 12)))
            if count > 12 {
                let number = Int(views.load(Int32.self, row * 4 + 2))
                let start = Int(views.load(Int32.self, row * 4 + 3))
                guard buffers.indices.contains(number), start >= 0, start <= buffers[number].count - count else {
                    throw .malformed("field \(name) has a view that lies outside")
                }
                value = UnsafeRawBufferPointer(start: buffers[number].base + start, count: count)
            } else if count < 0 {
                throw .malformed("field \(name) has a view of negative length")
            }
            if isText, !UTF8Check.isValid(value) { throw notText() }
        }
    }

    /// Checks that the indices of a dictionary-encoded array are those of values.
    func indices(_ array: ArrayData, _ type: IntegerType) throws(DataFrameError) {
        let count = array.dictionary?.length ?? 0
        let isInside =
            switch type {
            case .int8: isInside(array.values, Int8.self, count)
            case .int16: isInside(array.values, Int16.self, count)
            case .int32: isInside(array.values, Int32.self, count)
            case .int64: isInside(array.values, Int64.self, count)
            case .uint8: isInside(array.values, UInt8.self, count)
            case .uint16: isInside(array.values, UInt16.self, count)
            case .uint32: isInside(array.values, UInt32.self, count)
            case .uint64: isInside(array.values, UInt64.self, count)
            }
        guard isInside else { throw .malformed("field \(name) has an index that is not in its dictionary") }
    }

    private func isInside<T: FixedWidthInteger & BitwiseCopyable>(
        _ indices: ArrowBuffer, _ type: T.Type, _ count: Int
    ) -> Bool {
        var isInside = true
        for row in 0..<length {
            // A negative index is a very large one here.
            let index = UInt64(truncatingIfNeeded: indices.load(T.self, row))
            isInside = isInside && (index < UInt64(count) || !(validity?.bit(row) ?? true))
        }
        return isInside
    }

    func short() -> DataFrameError { .malformed("field \(name) has less data than its \(length) rows need") }

    private func notText() -> DataFrameError { .malformed("field \(name) has text that is not UTF-8") }
}
