/// Writes bytes into memory that grows, and gives it away as a buffer.
struct BufferBuilder: ~Copyable {
    private var memory: ArrowMemory?
    private(set) var count = 0

    init(capacity: Int = 0) {
        if capacity > 0 { memory = ArrowMemory(capacity: capacity) }
    }

    /// Room for `size` more bytes, which count as written.
    mutating func extend(by size: Int) -> UnsafeMutableRawPointer {
        let needed = count + size
        let target: ArrowMemory
        if let memory, memory.capacity >= needed {
            target = memory
        } else {
            target = ArrowMemory(capacity: max(needed, (memory?.capacity ?? 0) * 2))
            if let memory { target.base.copyMemory(from: memory.base, byteCount: count) }
            memory = target
        }
        defer { count = needed }
        return target.base + count
    }

    mutating func append<T: BitwiseCopyable>(_ value: T) {
        extend(by: MemoryLayout<T>.size).storeBytes(of: value, as: T.self)
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else { return }
        extend(by: bytes.count).copyMemory(from: start, byteCount: bytes.count)
    }

    mutating func append(zeros size: Int) {
        extend(by: size).initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    /// What was written; the builder is empty afterwards.
    mutating func finish() -> ArrowBuffer {
        defer {
            memory = nil
            count = 0
        }
        return memory.map { $0.buffer(count: count) } ?? .empty
    }
}
