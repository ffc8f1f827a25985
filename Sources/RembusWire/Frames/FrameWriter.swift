/// Writes the parts of a frame into memory whose size the caller has computed with the matching `…Length` functions.
///
/// The routing path knows the exact length of a frame before it writes it. So one bounds check per frame, where the
/// memory is allocated, is enough, and each part is a plain store or `memcpy`.
package struct FrameWriter {
    package private(set) var cursor: UnsafeMutableRawPointer

    package init(_ start: UnsafeMutableRawPointer) {
        cursor = start
    }

    @inline(__always)
    package mutating func byte(_ value: UInt8) {
        cursor.storeBytes(of: value, as: UInt8.self)
        cursor += 1
    }

    @inline(__always)
    package mutating func copy(_ source: UnsafeRawPointer, _ count: Int) {
        cursor.copyMemory(from: source, byteCount: count)
        cursor += count
    }

    package mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        if let base = bytes.baseAddress { copy(base, bytes.count) }
    }

    package mutating func copy(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { copy($0) }
    }

    /// Writes a CBOR head in its shortest form.
    package mutating func head(major: UInt8, _ argument: Int) {
        let top = major << 5
        switch argument {
        case 0..<24: byte(top | UInt8(truncatingIfNeeded: argument))
        case 24..<0x100:
            byte(top | 24)
            byte(UInt8(truncatingIfNeeded: argument))
        case 0x100..<0x1_0000:
            byte(top | 25)
            integer(UInt16(truncatingIfNeeded: argument).bigEndian)
        case 0x1_0000..<0x1_0000_0000:
            byte(top | 26)
            integer(UInt32(truncatingIfNeeded: argument).bigEndian)
        default:
            byte(top | 27)
            integer(UInt64(argument).bigEndian)
        }
    }

    /// Writes an 8-byte message id, given as its little-endian integer.
    package mutating func id(_ littleEndian: UInt64) {
        byte(0x48)
        integer(littleEndian.littleEndian)
    }

    package mutating func id(_ id: MessageID) {
        id.withUnsafeBytes {
            head(major: 2, $0.count)
            copy($0)
        }
    }

    package mutating func integer<T: FixedWidthInteger>(_ value: T) {
        cursor.storeBytes(of: value, as: T.self)
        cursor += MemoryLayout<T>.size
    }

    /// The number of bytes that `head` writes for `argument`.
    package static func headLength(_ argument: Int) -> Int {
        switch argument {
        case 0..<24: 1
        case 24..<0x100: 2
        case 0x100..<0x1_0000: 3
        case 0x1_0000..<0x1_0000_0000: 5
        default: 9
        }
    }

    /// The number of bytes of an id with its head.
    package static func idLength(_ id: MessageID) -> Int {
        headLength(id.count) + id.count
    }
}
