import NIOCore

/// A piece of immutable memory and what keeps it alive.
///
/// Slices and copies of it share the memory, whoever it belongs to: this library, a received `ByteBuffer`, or another
/// library that gave it through Arrow's C interface. Nobody writes to it any more, hence unchecked.
public struct ArrowBuffer: @unchecked Sendable {
    // Sendable, because the memory is not written to once a buffer points to it.
    @usableFromInline let base: UnsafeRawPointer
    /// The size in bytes.
    public let count: Int
    /// Keeps the memory alive; nil for the empty buffer.
    let owner: AnyObject?

    init(base: UnsafeRawPointer, count: Int, owner: AnyObject?) {
        self.base = base
        self.count = count
        self.owner = owner
    }

    /// Sixty-four zeros that live for ever, so that a buffer always has an address.
    private static let zeros: ArrowMemory = {
        let memory = ArrowMemory(capacity: 64)
        memory.base.initializeMemory(as: UInt8.self, repeating: 0, count: 64)
        return memory
    }()

    /// At most 64 zeros.
    static func zeros(_ count: Int) -> ArrowBuffer {
        ArrowBuffer(base: UnsafeRawPointer(zeros.base), count: min(count, 64), owner: nil)
    }

    /// No bytes.
    public static let empty = zeros(0)

    /// Copies bytes into aligned memory of its own.
    public init(copying bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            self = .empty
            return
        }
        let memory = ArrowMemory(capacity: bytes.count)
        memory.base.copyMemory(from: start, byteCount: bytes.count)
        self = memory.buffer(count: bytes.count)
    }

    /// The readable bytes of `buffer`, without a copy. The buffer's owner may go on writing to it: it will do so to a
    /// copy.
    init(sharing buffer: ByteBuffer) {
        self = buffer.withUnsafeReadableBytesWithStorageManagement { bytes, storage in
            guard let start = bytes.baseAddress, !bytes.isEmpty else { return .empty }
            return ArrowBuffer(base: start, count: bytes.count, owner: storage.takeUnretainedValue())
        }
    }

    /// Gives access to the bytes, which must not be used after `body` returns.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        defer { withExtendedLifetime(owner) {} }
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// A part of the buffer, without a copy. The range must lie inside.
    func slice(_ start: Int, _ length: Int) -> ArrowBuffer {
        precondition(start >= 0 && length >= 0 && start <= count - length, "A slice must lie inside its buffer.")
        return ArrowBuffer(base: base + start, count: length, owner: owner)
    }

    /// The number at `index` of an array of numbers, which the caller knows to be inside.
    @inlinable
    func load<T: BitwiseCopyable>(_ type: T.Type, _ index: Int) -> T {
        base.loadUnaligned(fromByteOffset: index &* MemoryLayout<T>.size, as: T.self)
    }

    /// The bit at `index`, counted from the lowest bit of the first byte.
    @inlinable
    func bit(_ index: Int) -> Bool {
        base.load(fromByteOffset: index >> 3, as: UInt8.self) >> UInt8(truncatingIfNeeded: index & 7) & 1 != 0
    }

    /// Whether the start is a multiple of `alignment`.
    func isAligned(to alignment: Int) -> Bool { Int(bitPattern: base) & (alignment - 1) == 0 }
}
