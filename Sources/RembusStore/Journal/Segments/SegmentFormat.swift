import CRembusChecksum

/// How a segment file is laid out.
///
/// ```
/// header, 64 bytes:  "RembusJ" 0 | UInt32 version | UInt32 partition | UInt64 start offset | UInt64 first receive time
///                    | zeros | UInt32 CRC-32C of what precedes
/// records:           see RecordFormat; a record whose top length bit is set stands for publications that were kept in
///                    memory only: its message is not there (zeros) and not in its checksum
/// footer, when the segment is complete:
///                    marks (UInt64 offset, UInt64 receive time)…
///                    | UInt64 end offset | UInt64 last receive time | UInt32 count of marks | UInt32 largest number
///                    | "RembusF" 0 | UInt32 zero | UInt32 CRC-32C of all that
/// ```
/// All integers are little-endian. A segment with a sound footer was complete and on the disk when that was written, so it
/// is not read again at the start. Nothing is ever appended to a segment of an earlier run.
enum SegmentFormat {
    static let version: UInt32 = 1
    static let headerBytes = 64
    static let footerBytes = 40
    private static let magic: UInt64 = 0x004A_7375_626D_6552
    private static let footerMagic: UInt64 = 0x0046_7375_626D_6552

    enum Header: Equatable {
        case sound(partition: Int, start: UInt64, firstReceivedAt: UInt64)
        case newer(version: UInt32)
        case damaged
    }

    static func header(partition: Int, start: UInt64, firstReceivedAt: UInt64) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: headerBytes)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: magic.littleEndian, as: UInt64.self)
            bytes.storeBytes(of: version.littleEndian, toByteOffset: 8, as: UInt32.self)
            bytes.storeBytes(of: UInt32(partition).littleEndian, toByteOffset: 12, as: UInt32.self)
            bytes.storeBytes(of: start.littleEndian, toByteOffset: 16, as: UInt64.self)
            bytes.storeBytes(of: firstReceivedAt.littleEndian, toByteOffset: 24, as: UInt64.self)
            let crc = rembus_crc32c(0, bytes.baseAddress, headerBytes - 4)
            bytes.storeBytes(of: crc.littleEndian, toByteOffset: headerBytes - 4, as: UInt32.self)
        }
        return bytes
    }

    static func parseHeader(_ bytes: UnsafeRawBufferPointer) -> Header {
        guard bytes.count >= headerBytes, bytes.word(at: 0) == magic,
            rembus_crc32c(0, bytes.baseAddress, headerBytes - 4) == bytes.halfWord(at: headerBytes - 4)
        else { return .damaged }
        // The places of magic, version and checksum are the same in every version of the format.
        let version = bytes.halfWord(at: 8)
        guard version <= Self.version else { return .newer(version: version) }
        return .sound(
            partition: Int(bytes.halfWord(at: 12)), start: bytes.word(at: 16), firstReceivedAt: bytes.word(at: 24))
    }

    static func footer(of segment: Segment) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(segment.marks.count * 16 + footerBytes)
        func add(_ value: some FixedWidthInteger) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        for mark in segment.marks {
            add(mark.offset)
            add(mark.receivedAt)
        }
        add(segment.end)
        add(segment.lastReceivedAt)
        add(UInt32(segment.marks.count))
        add(segment.largestNumber)
        add(footerMagic)
        add(UInt32(0))
        let crc = bytes.withUnsafeBytes { rembus_crc32c(0, $0.baseAddress, $0.count) }
        add(crc)
        return bytes
    }

    /// The segment that a footer at the end of a file describes; nil without a sound one.
    static func readFooter(_ file: any StorageFile, start: UInt64, firstReceivedAt: UInt64) throws(StorageError)
        -> Segment?
    {
        let size = try file.size()
        guard size >= UInt64(headerBytes + footerBytes) else { return nil }
        let fixed = try file.bytes(at: size - UInt64(footerBytes), count: footerBytes)
        let (end, last, count, largest, found) = fixed.withUnsafeBytes {
            ($0.word(at: 0), $0.word(at: 8), $0.halfWord(at: 16), $0.halfWord(at: 20), $0.word(at: 24) == footerMagic)
        }
        let recordBytes = UInt64(headerBytes + footerBytes) + UInt64(count) * 16
        guard fixed.count == footerBytes, found, recordBytes <= size, end >= start, end - start == size - recordBytes
        else {
            return nil
        }
        let all = try file.bytes(
            at: size - UInt64(footerBytes) - UInt64(count) * 16, count: Int(count) * 16 + footerBytes)
        return all.withUnsafeBytes { bytes in
            guard bytes.count == Int(count) * 16 + footerBytes,
                rembus_crc32c(0, bytes.baseAddress, bytes.count - 4) == bytes.halfWord(at: bytes.count - 4)
            else { return nil }
            var segment = Segment(start: start, firstReceivedAt: firstReceivedAt)
            segment.end = end
            segment.lastReceivedAt = last
            segment.largestNumber = largest
            segment.marks = (0..<Int(count)).map {
                Segment.Mark(offset: bytes.word(at: $0 * 16), receivedAt: bytes.word(at: $0 * 16 + 8))
            }
            return segment
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian integer at an offset, 0 behind the end.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        offset + 8 <= count ? UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self)) : 0
    }

    /// The little-endian integer at an offset, 0 behind the end.
    @inline(__always)
    func halfWord(at offset: Int) -> UInt32 {
        offset + 4 <= count ? UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self)) : 0
    }
}

extension StorageFile {
    /// Up to `count` bytes at an offset.
    func bytes(at offset: UInt64, count: Int) throws(StorageError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1), alignment: 8)
        defer { buffer.deallocate() }
        let read = try self.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: offset)
        return Array(buffer[..<read])
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(StorageError) in try write(bytes, at: offset) }
        }
        try result.get()
    }
}
