import NIOCore
import RembusWire

/// Finds the column of a map's key by its bytes.
///
/// Publishers send the same keys in the same order again and again. So the keys of the last message are kept with their
/// columns, and the usual key costs one comparison with the one that stood in its place before.
struct KeyMemory {
    private struct Entry {
        /// Where the key's item, head included, begins in `bytes`.
        var start: Int
        var count: Int
        var column: Int
    }

    /// Stands for a key that is not a column.
    static let none = -1

    private var entries: [Entry] = []
    private var bytes: [UInt8] = []
    private let columns: [ExactText: Int]
    /// By the name in lower case: the database does not tell upper from lower case, and no two columns differ only there.
    private let folded: [String: Int]
    /// Maps with more keys, and longer keys, are looked up afresh every time.
    private static let maxEntries = 256
    private static let maxKeyBytes = 128

    init(_ columns: [ColumnSchema]) {
        self.columns = Dictionary(
            columns.enumerated().map { (ExactText($1.name), $0) }, uniquingKeysWith: { first, _ in first })
        folded = Dictionary(
            columns.enumerated().map { ($1.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Reads the key at the scanner, the `index`-th of its map, and returns its column; nil when it is malformed.
    @inline(__always)
    mutating func column(_ scanner: inout CBORScanner, index: Int) -> Int? {
        if index < entries.count {
            let entry = entries[index]
            if entry.count <= scanner.end &- scanner.offset, matches(entry, scanner.base + scanner.offset) {
                scanner.offset &+= entry.count
                return entry.column
            }
        }
        return lookUp(&scanner, index: index)
    }

    @inline(__always)
    private func matches(_ entry: Entry, _ key: UnsafeRawPointer) -> Bool {
        bytes.withUnsafeBytes { known in
            var offset = 0
            let start = entry.start
            while offset &+ 8 <= entry.count {
                let left = known.loadUnaligned(fromByteOffset: start &+ offset, as: UInt64.self)
                if left != (key + offset).loadUnaligned(as: UInt64.self) { return false }
                offset &+= 8
            }
            while offset < entry.count {
                if known[start &+ offset] != key.load(fromByteOffset: offset, as: UInt8.self) { return false }
                offset &+= 1
            }
            return true
        }
    }

    /// Reads a key that is not remembered.
    func columnLookedUp(_ scanner: inout CBORScanner) -> Int? {
        guard let key = CBORScalar.read(&scanner) else { return nil }
        switch key {
        case .text(let text): return lookUp(String(decoding: text, as: UTF8.self))
        case .other(let item): return lookUp(item)
        default: return Self.none
        }
    }

    private mutating func lookUp(_ scanner: inout CBORScanner, index: Int) -> Int? {
        let start = scanner.offset
        guard let column = columnLookedUp(&scanner) else { return nil }
        remember(UnsafeRawBufferPointer(start: scanner.base + start, count: scanner.offset - start), column, at: index)
        return column
    }

    /// A text in pieces is a key like any other.
    private func lookUp(_ item: UnsafeRawBufferPointer) -> Int {
        guard case .text(let text)? = try? Value(cbor: ByteBuffer(bytes: item)) else { return Self.none }
        return lookUp(text)
    }

    private func lookUp(_ name: String) -> Int {
        columns[ExactText(name)] ?? folded[name.lowercased()] ?? Self.none
    }

    private mutating func remember(_ key: UnsafeRawBufferPointer, _ column: Int, at index: Int) {
        guard key.count <= Self.maxKeyBytes, index < Self.maxEntries else { return }
        // The remembered keys from this place on belong to another kind of message.
        if index < entries.count {
            bytes.removeLast(bytes.count - entries[index].start)
            entries.removeLast(entries.count - index)
        }
        guard index == entries.count else { return }
        entries.append(Entry(start: bytes.count, count: key.count, column: column))
        bytes.append(contentsOf: key)
    }
}
