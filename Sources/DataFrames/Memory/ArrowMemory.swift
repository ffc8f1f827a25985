/// Memory of our own: aligned to 64 bytes, as Arrow recommends, with a capacity of whole 64 bytes. Written by
/// its builder alone, before anybody else has it; hence unchecked.
final class ArrowMemory: @unchecked Sendable {
    // Sendable, because it is written before it is shared only: by the builder that made it and alone has it.
    let base: UnsafeMutableRawPointer
    let capacity: Int

    static let alignment = 64

    /// Reserves at least `capacity` bytes; they are not initialised.
    init(capacity: Int) {
        self.capacity = max(ArrowMemory.alignment, (capacity + 63) & ~63)
        base = .allocate(byteCount: self.capacity, alignment: ArrowMemory.alignment)
    }

    deinit { base.deallocate() }

    /// A buffer of the first `count` bytes, which must have been written; the rest up to 64 bytes is cleared.
    func buffer(count: Int) -> ArrowBuffer {
        let end = min(capacity, (count + 63) & ~63)
        (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: end - count)
        return ArrowBuffer(base: UnsafeRawPointer(base), count: count, owner: self)
    }
}
