/// Tells whether some object of a text may have a key twice, while the text is read: of such members only the last one counts,
/// which is not known before the end.
///
/// It compares hashes, so it can be wrong about keys that differ, and never about those that are the same.
struct JSONKeys {
    /// Objects with more members have a set.
    private static let fewest = 24

    /// Of the members of all objects that are open.
    private var hashes: [UInt64] = []
    private(set) var mayRepeat = false

    /// The members of one object.
    struct Members {
        fileprivate let start: Int
        fileprivate var many: Set<UInt64>?
    }

    /// An object begins.
    mutating func open() -> Members {
        if hashes.isEmpty { hashes.reserveCapacity(16) }
        return Members(start: hashes.count)
    }

    /// It ends.
    mutating func close(_ members: Members) { hashes.removeSubrange(members.start...) }

    /// Adds the UTF-8 bytes of a key.
    mutating func add(_ key: UnsafeRawBufferPointer, to members: inout Members) {
        guard !mayRepeat else { return }
        let hash = Self.hash(key)
        if members.many != nil {
            mayRepeat = members.many?.insert(hash).inserted == false
            return
        }
        for index in members.start..<hashes.count where hashes[index] == hash { return mayRepeat = true }
        hashes.append(hash)
        if hashes.count - members.start > Self.fewest { members.many = Set(hashes[members.start...]) }
    }

    private static func hash(_ key: UnsafeRawBufferPointer) -> UInt64 {
        let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
        var hash = UInt64(truncatingIfNeeded: key.count)
        var index = 0
        while index + 8 <= key.count {
            hash = (hash ^ key.loadUnaligned(fromByteOffset: index, as: UInt64.self)) &* factor
            hash ^= hash >> 32
            index += 8
        }
        var rest: UInt64 = 0
        while index < key.count {
            rest = rest << 8 | UInt64(key[index])
            index += 1
        }
        hash = (hash ^ rest) &* factor
        return hash ^ hash >> 32
    }
}
