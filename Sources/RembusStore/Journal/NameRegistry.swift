import CRembusChecksum
import NIOConcurrencyHelpers
import NIOCore

/// The durable numbers of component and tenant names: an append-only file.
///
/// ```
/// header, 16 bytes:  "RembusN" 0 | UInt32 version | UInt32 CRC-32C of what precedes
/// entries:           UInt32 length | UInt32 number | UInt32 CRC-32C of length, number and name | name, zeros up to 4 bytes
/// ```
/// All integers are little-endian. A number is never given twice, also when its entry was damaged: a record may bear it.
///
/// The file is touched by the writer thread only, and before that runs and after it has ended; hence unchecked.
final class NameRegistry: @unchecked Sendable {
    private struct State {
        /// Indexed by number minus one; nil for numbers whose name is unknown.
        var names: [String?] = []
        var numbers: [String: UInt32] = [:]
        /// How many are in the file.
        var writtenCount = 0
        var isSynced = true
    }

    private static let version: UInt32 = 1
    private static let magic: UInt64 = 0x004E_7375_626D_6552
    private static let headerBytes = 16
    private static let entryBytes = 12

    private let file: AppendOnlyFile
    private let state: NIOLockedValueBox<State>

    /// Opens the file, making it when it does not exist, and reads it.
    /// - Parameter largestNumber: The largest number that a record bears.
    init(_ path: String, largestNumber: UInt32, fileSystem: any StorageFileSystem = Disk()) throws(StorageError) {
        file = try AppendOnlyFile(path, fileSystem: fileSystem)
        let bytes = Array(try file.content().readableBytesView)
        var state = State()
        if bytes.count < Self.headerBytes {
            try file.cut(to: 0)
            try file.append(ByteBuffer(bytes: Self.header), isSynced: false) { ByteBuffer(bytes: Self.header) }
        } else {
            let version = bytes.withUnsafeBytes { bytes in
                let crc = rembus_crc32c(0, bytes.baseAddress, min(bytes.count, 12))
                return bytes.word(at: 0) == Self.magic && bytes.halfWord(at: 12) == crc
                    ? bytes.halfWord(at: 8) : Self.version
            }
            guard version <= Self.version else { throw .newerFormat(path, version: version, known: Self.version) }
            let end = bytes.withUnsafeBytes { Self.read($0, into: &state) }
            if !bytes.starts(with: Self.header) {
                try file.replace(with: ByteBuffer(bytes: Self.header + bytes[Self.headerBytes..<end]))
            }
            // What a crash left half written must not look like an entry again.
            if file.size > end { try file.cut(to: end) }
        }
        while state.names.count < Int(largestNumber) { state.names.append(nil) }
        state.writtenCount = state.names.count
        self.state = NIOLockedValueBox(state)
    }

    /// The numbers, up to the largest in use, whose names the file has lost.
    var numbersWithoutName: Set<UInt32> {
        state.withLockedValue { state in
            Set(state.names.enumerated().compactMap { index, name in name == nil ? UInt32(index + 1) : nil })
        }
    }

    /// Assigns names again to numbers that lost theirs, also in the file. To be called before the writer thread runs.
    func restore(_ found: [UInt32: String]) throws(StorageError) {
        state.withLockedValue { state in
            for (number, name) in found where number > 0 && number <= state.names.count {
                state.names[Int(number) - 1] = name
                state.numbers[name] = min(number, state.numbers[name] ?? number)
            }
        }
        let (bytes, count) = whole()
        try file.replace(with: bytes)
        state.withLockedValue { ($0.writtenCount, $0.isSynced) = (count, false) }
    }

    /// The file with all names, and how many these are.
    private func whole() -> (ByteBuffer, count: Int) {
        let names = state.withLockedValue { $0.names }
        var bytes = ByteBuffer(bytes: Self.header)
        for (index, name) in names.enumerated() {
            if let name { bytes.writeBytes(Self.entry(name, number: UInt32(index + 1))) }
        }
        return (bytes, names.count)
    }

    /// The number of a name. The entry of a new name is written before the next record. Does no IO.
    func number(of name: String) -> UInt32 {
        state.withLockedValue { state in
            if let number = state.numbers[name] { return number }
            state.names.append(name)
            let number = UInt32(state.names.count)
            state.numbers[name] = number
            return number
        }
    }

    /// The number of a name; nil for a new one when there are `limit` names already.
    func number(of name: String, limit: Int) -> UInt32? {
        let isFull = state.withLockedValue { $0.numbers[name] == nil && $0.numbers.count >= limit }
        return isFull ? nil : number(of: name)
    }

    func name(of number: UInt32) -> String? {
        state.withLockedValue { state in
            number > 0 && number <= state.names.count ? state.names[Int(number) - 1] : nil
        }
    }

    /// Writes the new names; on the writer thread, before records that bear their numbers.
    func write(syncing: Bool) throws(StorageError) {
        let (names, first, isSynced) = state.withLockedValue { state in
            (Array(state.names[state.writtenCount...]), state.writtenCount + 1, state.isSynced)
        }
        // A file that was deleted is there again also when there is nothing new: all of it is in memory.
        guard !names.isEmpty || (syncing && !isSynced) || file.mustBeReplaced else { return }
        var bytes = ByteBuffer()
        for (index, name) in names.enumerated() {
            if let name { bytes.writeBytes(Self.entry(name, number: UInt32(first + index))) }
        }
        var count = first - 1 + names.count
        try file.append(bytes, isSynced: syncing) {
            let all = whole()
            count = all.count
            return all.0
        }
        state.withLockedValue { ($0.writtenCount, $0.isSynced) = (count, syncing) }
    }

    func close() { file.close() }

    private static var header: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: headerBytes)
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: magic.littleEndian, as: UInt64.self)
            bytes.storeBytes(of: version.littleEndian, toByteOffset: 8, as: UInt32.self)
            bytes.storeBytes(
                of: rembus_crc32c(0, bytes.baseAddress, 12).littleEndian, toByteOffset: 12, as: UInt32.self)
        }
        return bytes
    }

    private static func entry(_ name: String, number: UInt32) -> [UInt8] {
        var bytes: [UInt8] = []
        func add(_ value: UInt32) {
            withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
        }
        add(UInt32(name.utf8.count))
        add(number)
        let crc = Array(name.utf8).withUnsafeBytes { rembus_crc32c(checksum(bytes), $0.baseAddress, $0.count) }
        add(crc)
        bytes += name.utf8
        while bytes.count % 4 != 0 { bytes.append(0) }
        return bytes
    }

    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        bytes.withUnsafeBytes { rembus_crc32c(0, $0.baseAddress, $0.count) }
    }

    /// Reads all entries, and returns where the last one ends.
    private static func read(_ bytes: UnsafeRawBufferPointer, into state: inout State) -> Int {
        var (offset, end) = (headerBytes, headerBytes)
        while offset + entryBytes <= bytes.count {
            let length = Int(bytes.halfWord(at: offset))
            let number = bytes.halfWord(at: offset + 4)
            let start = offset + entryBytes
            // A damaged entry is passed over in steps of the alignment.
            guard length <= bytes.count - start, number > state.names.count, number < 1 << 30,
                let base = bytes.baseAddress,
                rembus_crc32c(rembus_crc32c(0, base + offset, 8), base + start, length)
                    == bytes.halfWord(at: offset + 8)
            else {
                offset += 4
                continue
            }
            while state.names.count < Int(number) - 1 { state.names.append(nil) }
            let name = String(decoding: bytes[start..<start + length], as: UTF8.self)
            state.names.append(name)
            state.numbers[name] = number
            offset = (start + length + 3) & ~3
            end = offset
        }
        return end
    }
}
