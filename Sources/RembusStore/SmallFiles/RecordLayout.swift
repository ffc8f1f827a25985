import CRembusChecksum
package import NIOCore

/// How the records of a file lie: behind eight bytes that say what kind of file it is, one after the other. Each is the
/// lengths of its parts and the CRC-32C of all of them (UInt32 each, little-endian), and the parts.
package struct RecordLayout: Sendable {
    /// What the file begins with.
    package let magic: [UInt8]
    package let partCount: Int

    package init(_ magic: String, partCount: Int = 1) {
        self.magic = Array(magic.utf8)
        self.partCount = partCount
    }

    /// How many bytes stand before the parts of a record.
    package var headBytes: Int { 4 * (partCount + 1) }

    /// Adds a record, each part of which is what a closure writes.
    package func append(to buffer: inout ByteBuffer, _ parts: ((inout ByteBuffer) -> Void)...) {
        assert(parts.count == partCount)
        let head = buffer.writerIndex
        buffer.writeRepeatingByte(0, count: headBytes)
        let body = buffer.writerIndex
        for (index, part) in parts.enumerated() {
            let start = buffer.writerIndex
            part(&buffer)
            buffer.setInteger(UInt32(buffer.writerIndex - start), at: head + 4 * index, endianness: .little)
        }
        let count = buffer.writerIndex - body
        let sum = buffer.withUnsafeReadableBytes { Self.checksum(UnsafeRawBufferPointer(rebasing: $0.suffix(count))) }
        buffer.setInteger(sum, at: head + 4 * partCount, endianness: .little)
    }

    /// How many bytes a record takes.
    package func length(of parts: [ByteBuffer]) -> Int {
        parts.reduce(headBytes) { $0 + $1.readableBytes }
    }

    /// The parts of the next record, which the reader index moves over; they share the buffer's memory. Nil, and nothing moves,
    /// when it is not whole. One without bytes is none: zeros are what a crash may leave.
    func next(_ content: inout ByteBuffer) -> [ByteBuffer]? {
        var rest = content
        var lengths: [Int] = []
        for _ in 0..<partCount {
            guard let length = rest.readInteger(endianness: .little, as: UInt32.self) else { return nil }
            lengths.append(Int(length))
        }
        let count = lengths.reduce(0, +)
        guard count > 0, let sum = rest.readInteger(endianness: .little, as: UInt32.self),
            var body = rest.readSlice(length: count), body.withUnsafeReadableBytes(Self.checksum) == sum
        else { return nil }
        content = rest
        return lengths.compactMap { body.readSlice(length: $0) }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
        rembus_crc32c(0, bytes.baseAddress, bytes.count)
    }
}
