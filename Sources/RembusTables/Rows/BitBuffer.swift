/// One bit per row. As in ``ColumnBuffer``, accesses cannot overlap, so they are not checked at run time.
package final class BitBuffer {
    /// Rows.
    @exclusivity(unchecked) package private(set) var count = 0
    @exclusivity(unchecked) private var capacity: Int
    @exclusivity(unchecked) private var storage: UnsafeMutablePointer<UInt64>

    package init(capacity: Int = 1024) {
        self.capacity = max(64, (capacity + 63) & ~63)
        storage = .allocate(capacity: self.capacity / 64)
        storage.initialize(repeating: 0, count: self.capacity / 64)
    }

    deinit { storage.deallocate() }

    /// The bits, lowest first; those behind the last row mean nothing. Valid until the next change.
    package var words: UnsafePointer<UInt64> { UnsafePointer(storage) }

    package subscript(row: Int) -> Bool { storage[row >> 6] & (1 << UInt64(row & 63)) != 0 }

    /// True when the bit of every row is set.
    package var areAllSet: Bool { Self.count(storage, bits: count) == count }

    func append(_ bit: Bool) {
        if count == capacity { grow() }
        let mask: UInt64 = 1 << UInt64(count & 63)
        if bit { storage[count >> 6] |= mask } else { storage[count >> 6] &= ~mask }
        count &+= 1
    }

    func removeAll() { count = 0 }

    private func grow() {
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity / 32)
        larger.initialize(repeating: 0, count: capacity / 32)
        larger.update(from: storage, count: capacity / 64)
        storage.deallocate()
        storage = larger
        capacity *= 2
    }

    /// How many of the first `bits` bits are set.
    static func count(_ words: UnsafePointer<UInt64>, bits: Int) -> Int {
        var sum = 0
        for index in 0..<bits >> 6 { sum &+= words[index].nonzeroBitCount }
        if bits & 63 != 0 { sum &+= (words[bits >> 6] & (1 << UInt64(bits & 63) &- 1)).nonzeroBitCount }
        return sum
    }
}
