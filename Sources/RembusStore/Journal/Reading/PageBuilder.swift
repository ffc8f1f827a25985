import NIOCore

/// Copies records into a page until it is full. A page holds one record at least, however large.
struct PageBuilder {
    private(set) var bytes = ByteBuffer()
    private let limit: Int
    private static let padding: [UInt8] = Array(repeating: 0, count: 8)

    init(limit: Int) {
        self.limit = limit
    }

    /// - Parameter record: Header and message.
    /// - Returns: False when the page is full; the record is not added then.
    mutating func add(_ record: UnsafeRawBufferPointer) -> Bool {
        let length = (record.count + 7) & ~7
        guard bytes.readableBytes == 0 || bytes.readableBytes + length <= limit else { return false }
        if bytes.capacity == 0 { bytes.reserveCapacity(max(limit, length)) }
        bytes.writeBytes(record)
        bytes.writeBytes(Self.padding[..<(length - record.count)])
        return true
    }
}
