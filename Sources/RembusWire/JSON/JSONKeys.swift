/// Finds out, while a JSON text is read, whether an object may have a key twice. Only the last of such members counts,
/// which is not known before the end of the object.
///
/// It compares hashes. So it may report keys that differ, but never misses equal ones.
struct JSONKeys {
    /// Objects with more members than this get a set.
    private static let fewest = 24

    /// The hashes of the members of all open objects.
    private var hashes: [UInt64] = []
    private(set) var mayRepeat = false

    /// The members of one object.
    struct Members {
        fileprivate let start: Int
        fileprivate var many: Set<UInt64>?
    }

    /// Called at the beginning of an object.
    mutating func open() -> Members {
        if hashes.isEmpty { hashes.reserveCapacity(16) }
        return Members(start: hashes.count)
    }

    /// Called at the end of an object.
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
