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

    /// The major type in the first byte of an item.
    @inline(__always)
    init(highBitsOf first: UInt8) {
        // Three bits have eight values, and the cases are numbered in order. The failable initializer would compare
        // with each case.
        self = unsafeBitCast(first >> 5, to: CBORMajor.self)
    }

    /// Whether an item may have an indefinite length, which ends with a break. For `simple` this form is the break
    /// itself.
    var hasIndefiniteForm: Bool {
        switch self {
        case .bytes, .text, .array, .map, .simple: true
        case .unsigned, .negative, .tag: false
        }
    }
}

/// The first byte of an item with the argument that follows it.
package struct CBORHead: Sendable {
    /// What kind of item it is.
    package var major: CBORMajor
    /// The low five bits of the first byte.
    package var info: UInt8
    /// The value in ``info`` or in the bytes after it; 0 for an indefinite length.
    package var argument: UInt64

    /// Whether the length is indefinite. With the major type `simple`, whether this is a break.
    package var isIndefinite: Bool { info == Self.indefinite }

    /// The first byte that ends an item of indefinite length.
    package static let breakByte: UInt8 = 0xFF
    /// The value of ``info`` for indefinite lengths.
    package static let indefinite: UInt8 = 31

    @inline(__always)
    private init(_ major: CBORMajor, _ info: UInt8, argument: UInt64) {
        self.major = major
        self.info = info
        self.argument = argument
    }

    /// Reads the head at `offset` of the `end` bytes at `base`, and advances the offset; nil when the bytes are
    /// truncated or use a reserved form.
    @inline(__always)
    init?(_ base: UnsafeRawPointer, end: Int, offset: inout Int) {
        guard offset < end else { return nil }
        let first = base.load(fromByteOffset: offset, as: UInt8.self)
        let major = CBORMajor(highBitsOf: first)
        let info = first & 0x1F
        if info < 24 {
            offset &+= 1
            self.init(major, info, argument: UInt64(info))
        } else {
            guard let argument = Self.argument(major, info, base, end: end, offset: &offset) else { return nil }
            self.init(major, info, argument: argument)
        }
    }

    /// Reads the head at `position` and advances the position.
    @inline(__always)
    package init(_ bytes: UnsafeRawBufferPointer, at position: inout Int) throws(WireError) {
        guard let base = bytes.baseAddress, let head = CBORHead(base, end: bytes.count, offset: &position) else {
            throw Self.fault(bytes, at: position)
        }
        self = head
    }

    /// The argument of a head that does not fit the first byte.
    private static func argument(
        _ major: CBORMajor, _ info: UInt8, _ base: UnsafeRawPointer, end: Int, offset: inout Int
    ) -> UInt64? {
        guard info < 28 else {
            guard info == indefinite, major.hasIndefiniteForm else { return nil }
            offset &+= 1
            return 0
        }
        let width = 1 << Int(info &- 24)
        guard end &- offset > width else { return nil }
        var argument: UInt64 = 0
        for index in 1...width {
            argument = argument << 8 | UInt64(base.load(fromByteOffset: offset &+ index, as: UInt8.self))
        }
        // RFC 8949 §3.3: simple values below 32 have no two-byte form.
        if major == .simple, info == 24, argument < 32 { return nil }
        offset &+= 1 &+ width
        return argument
    }

    /// Why there is no valid head at `position`.
    private static func fault(_ bytes: UnsafeRawBufferPointer, at position: Int) -> WireError {
        guard position < bytes.count else { return truncated(at: position) }
        let info = bytes[position] & 0x1F
        switch info {
        case indefinite:
            return WireError(.malformed, "An integer or tag cannot have an indefinite length.", offset: position)
        case 28...30: return WireError(.malformed, "The item has a reserved length.", offset: position)
        default:
            // Two reasons are left: too few bytes, or a simple value in two bytes that fits one.
            return bytes.count - position > 1 << Int(info - 24)
                ? WireError(.malformed, "The simple value has a reserved form.", offset: position)
                : truncated(at: bytes.count)
        }
    }

    package static func truncated(at offset: Int) -> WireError {
        WireError(.truncated, "The input ends inside an item.", offset: offset)
    }
}
