/// The major types of RFC 8949 §3.1.
package enum CBORMajor: UInt8, Sendable {
    case unsigned = 0
    case negative = 1
    case bytes = 2
    case text = 3
    case array = 4
    case map = 5
    case tag = 6
    case simple = 7
}

/// The first byte of an item with the argument that follows it.
package struct CBORHead: Sendable {
    /// What kind of item it is.
    package var major: CBORMajor
    /// The low five bits of the first byte.
    package var info: UInt8
    /// The value in ``info`` or in the bytes after it; 0 for an indefinite length.
    package var argument: UInt64

    /// Whether the length is indefinite or, with the major type `simple`, whether this is the break.
    package var isIndefinite: Bool { info == Self.indefinite }

    /// The first byte that ends an item of indefinite length.
    package static let breakByte: UInt8 = 0xFF
    /// The value of ``info`` for indefinite lengths.
    package static let indefinite: UInt8 = 31

    /// Reads the head at `position` and moves the position behind it.
    @inline(__always)
    package init(_ bytes: UnsafeRawBufferPointer, at position: inout Int) throws(WireError) {
        guard position < bytes.count else { throw Self.truncated(at: position) }
        let first = bytes[position]
        major = CBORMajor(rawValue: first >> 5).unsafelyUnwrapped  // three bits, eight cases
        info = first & 0x1F
        if info < 24 {
            argument = UInt64(info)
            position += 1
        } else {
            argument = try Self.readArgument(major, info, bytes, at: &position)
        }
    }

    /// Reads the argument of a head that does not fit the first byte.
    private static func readArgument(
        _ major: CBORMajor, _ info: UInt8, _ bytes: UnsafeRawBufferPointer, at position: inout Int
    ) throws(WireError) -> UInt64 {
        let start = position
        if info == indefinite {
            switch major {
            case .bytes, .text, .array, .map, .simple: position += 1
            case .unsigned, .negative, .tag:
                throw WireError(.malformed, "An integer or tag cannot have an indefinite length.", offset: start)
            }
            return 0
        }
        guard info < 28 else { throw WireError(.malformed, "The item has a reserved length.", offset: start) }
        let width = 1 << Int(info - 24)
        guard bytes.count - start > width else { throw truncated(at: bytes.count) }
        var argument: UInt64 = 0
        for index in start + 1...start + width {
            argument = argument << 8 | UInt64(bytes[index])
        }
        position += 1 + width
        return argument
    }

    package static func truncated(at offset: Int) -> WireError {
        WireError(.truncated, "The input ends inside an item.", offset: offset)
    }
}
