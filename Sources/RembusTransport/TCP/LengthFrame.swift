/// The frames of TCP and TLS connections: a header byte, a length, a CBOR message (protocol.md §11).
enum LengthFrame {
    /// The longest frame head: the header byte and four bytes of length.
    static let maxHeadLength = 5

    /// The number of bytes in front of a message of `length` bytes.
    static func headLength(payload length: Int) -> Int {
        length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5
    }

    /// Writes the shortest head for a message of `length` bytes, less than 4 GiB. Returns the head's length.
    static func writeHead(length: Int, to target: UnsafeMutableRawPointer) -> Int {
        if length < 0x100 {
            target.storeBytes(of: 0x81, as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: length), toByteOffset: 1, as: UInt8.self)
            return 2
        }
        if length < 0x1_0000 {
            target.storeBytes(of: 0x8D, as: UInt8.self)
            target.storeBytes(of: UInt16(truncatingIfNeeded: length).bigEndian, toByteOffset: 1, as: UInt16.self)
            return 3
        }
        target.storeBytes(of: 0x8F, as: UInt8.self)
        target.storeBytes(of: UInt32(truncatingIfNeeded: length).bigEndian, toByteOffset: 1, as: UInt32.self)
        return 5
    }

    /// The number of length bytes behind a header byte; nil for a malformed one. Any of the three forms may have any
    /// length.
    static func lengthBytes(header: UInt8) -> Int? {
        switch header {
        case 0x81: 1
        case 0x8D: 2
        case 0x8F: 4
        default: nil
        }
    }
}
